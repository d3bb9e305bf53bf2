"""Parts of rows as separate arrays, and prefetching of rows.

Numba's slices check and clip their limits, which takes as long as a short loop over them.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_INT32 = ir.IntType(32)
_BYTES = ir.IntType(8).as_pointer()
# Arguments of LLVM's prefetch: for reading, into all levels of the cache, data.
_HOW = ir.Constant(_INT32, 0), ir.Constant(_INT32, 3), ir.Constant(_INT32, 1)


def _pointer(context, builder, array_type, array, indices_type, indices):
    array = context.make_array(array_type)(context, builder, array)
    integers = [
        context.cast(builder, value, kind, types.intp)
        for value, kind in zip(cgutils.unpack_tuple(builder, indices), indices_type, strict=True)
    ]
    return cgutils.get_item_pointer(
        context, builder, array_type, array, integers, wraparound=False, boundscheck=False
    )


@intrinsic
def segment(typing_context, array, indices, length):
    """Return the ``length`` values of a C-contiguous ``array`` from ``indices`` on, unchecked.

    Nothing is copied. The array must exist as long as the result is used.
    """
    part = types.Array(array.dtype, 1, "C")

    def generate(context, builder, signature, arguments):
        array_type, indices_type, length_type = signature.args
        array, indices, length = arguments
        out = context.make_array(part)(context, builder)
        item_size = context.get_constant(
            types.intp, context.get_abi_sizeof(context.get_data_type(part.dtype))
        )
        context.populate_array(
            out,
            data=_pointer(context, builder, array_type, array, indices_type, indices),
            shape=[context.cast(builder, length, length_type, types.intp)],
            strides=[item_size],
            itemsize=item_size,
            meminfo=None,
        )
        return out._getvalue()

    return part(array, indices, length), generate


@intrinsic
def prefetch(typing_context, array, indices):
    """Start to load the cache line of the value at ``indices``."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(
            context, builder, signature.args[0], arguments[0], signature.args[1], arguments[1]
        )
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [_BYTES, _INT32, _INT32, _INT32]),
            "llvm.prefetch.p0",
        )
        builder.call(function, [builder.bitcast(pointer, _BYTES), *_HOW])
        return context.get_dummy_value()

    return types.void(array, indices), generate
