"""Loops whose body is a function of its own: compiled once, for one thread and for several.

Numba takes the body of a parallel loop apart, for each array that it uses, and compiles it five
times. A loop over `do` has nothing in it but two addresses.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_BYTES = ir.IntType(8).as_pointer()


@intrinsic
def task(typing_context, body, arguments):
    """Return the addresses of ``body``, made by `within`, and of its arguments after the first.

    They are valid until the function that calls this one returns, or calls it again here.
    """
    body_signature = body.get_call_type(typing_context, (types.intp, *arguments), {})

    def generate(context, builder, signature, given):
        compiled = body.dispatcher.get_compile_result(body_signature)
        described = compiled.fndesc
        context.add_linking_libs([compiled.library])
        values = cgutils.unpack_tuple(builder, given[1])
        kept = ir.LiteralStructType([value.type for value in values])
        place = cgutils.alloca_once(builder, kept)
        for i, value in enumerate(values):
            builder.store(value, cgutils.gep_inbounds(builder, place, 0, i))
        # What several threads call: C's void(intp, char *)
        number = context.get_value_type(types.intp)
        function = ir.Function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [number, _BYTES]),
            builder.module.get_unique_name("do"),
        )
        function.linkage = "internal"
        inside = ir.IRBuilder(function.append_basic_block())
        source = inside.bitcast(function.args[1], kept.as_pointer())
        loaded = [
            inside.load(cgutils.gep_inbounds(inside, source, 0, i)) for i in range(len(values))
        ]
        context.call_conv.call_function(
            inside,
            context.declare_function(builder.module, described),
            described.restype,
            described.argtypes,
            (function.args[0], *loaded),
        )
        inside.ret_void()
        addresses = [builder.ptrtoint(each, number) for each in (function, place)]
        return context.make_tuple(builder, signature.return_type, addresses)

    return types.UniTuple(types.intp, 2)(body, arguments), generate


@intrinsic
def do(typing_context, function, place, k):
    """Call the body of a `task` with the number ``k``."""

    def generate(context, builder, signature, given):
        number = context.get_value_type(types.intp)
        kind = ir.FunctionType(ir.VoidType(), [number, _BYTES])
        k = context.cast(builder, given[2], signature.args[2], types.intp)
        builder.call(
            builder.inttoptr(given[0], kind.as_pointer()), [k, builder.inttoptr(given[1], _BYTES)]
        )
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, k), generate
