"""Loops whose body is a separate function, compiled once for one thread and for several.

Numba's parallel loops take two to four times as long to compile as others. There is only one
parallel loop, which contains only two addresses. It is compiled only if several threads are used.
"""

import functools

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .compile import is_to_be_cached, leaf

_BYTES = ir.IntType(8).as_pointer()
_POOL = types.none, (types.intp,) * 3


def kernel(function):
    """Compile a loop over the pixels of maps, which `share` distributes among threads.

    The first parameter of ``function`` is the ``pool`` of `share`; callers leave it out.
    """
    compiled = leaf(function)

    @functools.wraps(function)
    def call(*arguments, **named):
        return compiled(_pool() if numba.get_num_threads() > 1 else 0, *arguments, **named)

    call.compiled = compiled
    call.is_to_be_cached = functools.partial(is_to_be_cached, compiled)
    return call


@functools.cache
def _pool():
    """Return the address of a loop over `_do`, compiled for the threads of Numba."""
    result, parameters = _POOL
    _do_all.compile(result(*parameters))
    compiled = _do_all.overloads[parameters]
    return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)


@intrinsic
def _do(typing_context, task, place, k):
    """Call the body of a task with the number ``k``."""

    def generate(context, builder, signature, given):
        number = context.get_value_type(types.intp)
        task, place, k = given
        k = context.cast(builder, k, signature.args[2], types.intp)
        builder.call(
            builder.inttoptr(task, _kind(number).as_pointer()), [k, builder.inttoptr(place, _BYTES)]
        )
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, k), generate


@functools.partial(leaf, parallel=True)
def _do_all(task, place, n):
    for k in numba.prange(n):
        _do(task, place, k)


def _kind(number):
    return ir.FunctionType(ir.VoidType(), [number, _BYTES])


@intrinsic
def share(typing_context, pool, n, body, arguments):
    """Call ``body``, made by `within`, with each number from 0 to before ``n``, and arguments.

    ``pool`` is the first argument of a `kernel`.
    """
    body_signature = body.get_call_type(typing_context, (types.intp, *arguments), {})

    def generate(context, builder, signature, given):
        compiled = body.dispatcher.get_compile_result(body_signature)
        context.add_linking_libs([compiled.library])
        number = context.get_value_type(types.intp)
        pool, n, _, group = given
        n = context.cast(builder, n, signature.args[1], types.intp)
        values = cgutils.unpack_tuple(builder, group)
        kept = ir.LiteralStructType([value.type for value in values])
        place = cgutils.alloca_once(builder, kept)
        for i, value in enumerate(values):
            builder.store(value, cgutils.gep_inbounds(builder, place, 0, i))
        task = _task(context, builder.module, compiled.fndesc, kept)
        alone = builder.icmp_signed("==", pool, number(0))
        with builder.if_else(alone) as (then, otherwise):
            with then, cgutils.for_range(builder, n) as loop:
                builder.call(task, [loop.index, builder.bitcast(place, _BYTES)])
            with otherwise:
                result, parameters = _POOL
                loop_type = context.call_conv.get_function_type(result, parameters)
                context.call_conv.call_function(
                    builder,
                    builder.inttoptr(pool, loop_type.as_pointer()),
                    result,
                    parameters,
                    [builder.ptrtoint(task, number), builder.ptrtoint(place, number), n],
                )
        return context.get_dummy_value()

    return types.void(types.intp, n, body, arguments), generate


def _task(context, module, body, kept):
    """Return a function that C can call with a number and the address of the other arguments."""
    number = context.get_value_type(types.intp)
    function = ir.Function(module, _kind(number), module.get_unique_name("task"))
    function.linkage = "internal"
    function.attributes.add("noinline")  # called from two places, but compiled once
    builder = ir.IRBuilder(function.append_basic_block())
    source = builder.bitcast(function.args[1], kept.as_pointer())
    loaded = [
        builder.load(cgutils.gep_inbounds(builder, source, 0, i)) for i in range(len(kept.elements))
    ]
    context.call_conv.call_function(
        builder,
        context.declare_function(module, body),
        body.restype,
        body.argtypes,
        (function.args[0], *loaded),
    )
    builder.ret_void()
    return function
