"""Denormal floats are treated as zeros while a thread works on a chunk.

x86 processors process denormals in microcode, which takes a hundred times as long, and dual
variables in vacuum decay through them. On other processors, they take no extra time, and nothing is
changed.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_INT32 = ir.IntType(32)
_BYTES = ir.IntType(8).as_pointer()
# Bits of MXCSR: results that are denormal, and operands that are, count as 0.
_FLUSH = 0x8000 | 0x0040


def _call(builder, name, pointer):
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(ir.VoidType(), [_BYTES]), name
    )
    builder.call(function, [builder.bitcast(pointer, _BYTES)])


def _is_x86(builder):
    return builder.module.triple.startswith(("x86_64", "i386", "i686"))


@intrinsic
def flush_denormals(typing_context):
    """Treat denormals as zeros in this thread; return the argument for `restore_denormals`."""

    def generate(context, builder, signature, arguments):
        before = cgutils.alloca_once_value(builder, ir.Constant(_INT32, 0))
        if _is_x86(builder):
            _call(builder, "llvm.x86.sse.stmxcsr", before)
            after = cgutils.alloca_once(builder, _INT32)
            builder.store(builder.or_(builder.load(before), ir.Constant(_INT32, _FLUSH)), after)
            _call(builder, "llvm.x86.sse.ldmxcsr", after)
        return builder.load(before)

    return types.uint32(), generate


@intrinsic
def restore_denormals(typing_context, before):
    """Restore the treatment of denormals before `flush_denormals`."""

    def generate(context, builder, signature, arguments):
        if _is_x86(builder):
            saved = cgutils.alloca_once_value(builder, arguments[0])
            _call(builder, "llvm.x86.sse.ldmxcsr", saved)
        return context.get_dummy_value()

    return types.void(types.uint32), generate
