"""Whole numbers out of bytes, and hashes of numbers, for compiled code.

Everything is ``int64``: mixing signed and unsigned numbers would silently become floats in numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from auditor.readers.capture.cache import FOLDER

if TYPE_CHECKING:
    from auditor.readers.capture.layout import Bytes


def _load(bits: int) -> Any:  # noqa: ANN401 - a numba intrinsic
    """An intrinsic: the big-endian number of so many bits at ``array[place]``, unaligned."""

    @intrinsic
    def load(typing: Any, array: Any, place: Any) -> Any:  # noqa: ANN401
        signature = types.int64(array, types.int64)

        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
            data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
            word = ir.IntType(bits)
            pointer = builder.bitcast(builder.gep(data, [arguments[1]]), word.as_pointer())
            value = builder.bswap(builder.load(pointer, align=1))
            return value if bits == 64 else builder.zext(value, ir.IntType(64))

        return signature, code

    return load


_OPTIONS: dict[str, Any] = {
    "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True,
    # Without this numba counts references to every array at every call, with atomic instructions:
    # measured, that costs three quarters of the engine's speed. Compiled code allocates nothing.
    "_nrt": False,
}  # fmt: skip

_unliteral: Any = types.unliteral


def compiled(function: Any, **more: bool) -> Any:  # noqa: ANN401 - a numba dispatcher
    """Compiles a function, once for all numbers.

    numba would compile it anew for every constant that is passed to it, and would write it into
    its callers if it first meets it in a function that is itself written into its callers.
    """
    # only an entry needs a way in from Python, and a place in the cache: it holds all below it
    options: dict[str, Any] = {
        "forceinline": False,
        "no_cpython_wrapper": True,
        "cache": False,
        **_OPTIONS,
        **more,
    }
    dispatcher: Any = njit(**options)(function)
    template = dispatcher.get_call_template
    dispatcher.get_call_template = lambda arguments, keywords: template(
        tuple(map(_unliteral, arguments)), keywords
    )
    return dispatcher


def hot(function: Any) -> Any:  # noqa: ANN401
    """The same for what runs for every packet: written into its caller."""
    return compiled(function, forceinline=True)


def entry(function: Any) -> Any:  # noqa: ANN401
    """The same for what Python calls."""
    return compiled(function, no_cpython_wrapper=False, cache=FOLDER is not None)


def through(result: Any) -> Any:  # noqa: ANN401
    """An intrinsic ``call(address, arguments)``: the compiled function at that address.

    What is called by address is compiled by itself, not again with each of its callers: that is
    most of the time of the first start.
    """

    @intrinsic
    def call(typing: Any, address: Any, arguments: Any) -> Any:  # noqa: ANN401
        kinds = [_unliteral(kind) for kind in arguments.types]
        wide = types.Tuple(kinds)

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
            function = context.call_conv.get_function_type(result, kinds)
            pointer = builder.inttoptr(values[0], function.as_pointer())
            parts = cgutils.unpack_tuple(builder, values[1], len(kinds))
            _, answer = context.call_conv.call_function(builder, pointer, result, kinds, parts)
            return answer

        return result(types.int64, wide), code

    return call


def address_of(function: Any, arguments: tuple[Any, ...]) -> int:  # noqa: ANN401
    """Where an entry stands in memory, compiled for arguments of these types."""
    function.compile(arguments)
    made = function.overloads[arguments]
    return int(made.library.get_pointer_to_function(made.fndesc.llvm_func_name))


def _copying() -> Any:  # noqa: ANN401 - a numba intrinsic
    """An intrinsic: copies ``of[begin : begin + size]`` to ``to[place:]``, another place.

    A loop over bytes takes five times as long: numba allows for indices below 0 at each step.
    """

    @intrinsic
    def copied(typing: Any, to: Any, place: Any, of: Any, begin: Any, size: Any) -> Any:  # noqa: ANN401
        signature = types.none(to, types.int64, of, types.int64, types.int64)

        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
            ends = []
            for number in (0, 2):
                array = context.make_array(signature.args[number])
                data = array(context, builder, arguments[number]).data
                ends.append(builder.gep(data, [arguments[number + 1]]))
            cgutils.raw_memcpy(builder, ends[0], ends[1], arguments[4], 1)
            return context.get_dummy_value()

        return signature, code

    return copied


copied = _copying()
be16 = _load(16)
be32 = _load(32)
be64 = _load(64)
"""No bounds are checked: the caller has made sure that the bytes are in the array."""


@hot
def octet(data: Bytes, place: int) -> int:
    """The byte at ``data[place]`` as ``int64``: bytes themselves overflow when shifted."""
    return data[place] + 0


@hot
def le16(data: Bytes, place: int) -> int:
    """The little-endian 16-bit number at ``data[place]``."""
    value = be16(data, place)
    return (value & 0xFF) << 8 | value >> 8


@hot
def le32(data: Bytes, place: int) -> int:
    """The little-endian 32-bit number at ``data[place]``."""
    return le16(data, place + 2) << 16 | le16(data, place)


@hot
def word16(data: Bytes, place: int, swapped: bool) -> int:
    """The 16-bit number at ``data[place]``, little-endian if ``swapped``."""
    return le16(data, place) if swapped else be16(data, place)


@hot
def word32(data: Bytes, place: int, swapped: bool) -> int:
    """The 32-bit number at ``data[place]``, little-endian if ``swapped``."""
    return le32(data, place) if swapped else be32(data, place)


@hot
def mixed(value: int, more: int) -> int:
    """A hash of two numbers (a multiply-and-fold mixer)."""
    value = (value ^ more) * -7046029254386353131
    value = (value ^ (value >> 29)) * -4417276706812531889
    return value ^ (value >> 32)


@hot
def ahead(later: int, earlier: int) -> int:
    """How far one TCP sequence number is ahead of another, across the wrap (RFC 9293 3.4)."""
    return ((later - earlier + 0x80000000) & 0xFFFFFFFF) - 0x80000000
