"""Windows: every byte once and in order, whatever the size of the pieces."""

import hashlib
import io

import pytest

from auditor.readers.capture.windows import Windows


class Dripping(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a pipe does."""

    def __init__(self, content, step):
        self.content, self.step, self.place = content, step, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        part = self.content[self.place : self.place + min(self.step, len(buffer))]
        buffer[: len(part)] = part
        self.place += len(part)
        return len(part)


@pytest.mark.parametrize("window", [1, 7, 64, 1000, 5000])
@pytest.mark.parametrize("step", [3, 100_000])
def test_all_bytes_come_once_with_their_offsets(window, step):
    content = bytes(i * 7 % 251 for i in range(3000))
    seen = bytearray()
    with Windows(Dripping(content, step), window=window) as windows:
        place = windows.start
        while True:
            assert windows.offset + place == len(seen)
            available = windows.end - place
            used = available if windows.finished else available * 2 // 3
            seen += windows.data[place : place + used].tobytes()
            if windows.finished:
                break
            windows.advance(place + used)
            place = windows.start
        digest = windows.sha256
    assert bytes(seen) == content
    assert digest == hashlib.sha256(content).hexdigest()


def test_a_rest_larger_than_the_room_grows_it():
    content = bytes(range(256)) * 8192
    with Windows(io.BytesIO(content), window=100_000) as windows:
        while not windows.finished:
            windows.advance(windows.start)
        assert windows.data[windows.start : windows.end].tobytes() == content
