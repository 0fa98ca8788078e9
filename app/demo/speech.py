"""Mandarin speech for the demonstration lectures: espeak-ng from the PATH or its wheel, else a soft tone.

The synthesiser is a plain machine voice, which is enough to hear that a lecture has one. Never fails:
without a voice the lecture has the same length and a quiet chord.
"""

import array
import ctypes
import importlib
import math
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RATE = 22_050
WORDS_A_MINUTE = 195
CHARACTERS_A_SECOND = 4.0  # without a voice: how fast people read these sentences aloud
VOICE = "cmn"
SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: hand the samples over, play nothing
UTF8 = 1
CHORD_HZ = (196.0, 246.94, 293.66)
WAV_HEADER_BYTES = 44
_one_at_a_time = threading.Lock()  # the library keeps global state


@dataclass(frozen=True, slots=True)
class Spoken:
    """Mono samples of 16 bit at `RATE`."""

    samples: "array.array[int]"

    @property
    def ms(self) -> int:
        """How long it is."""
        return len(self.samples) * 1000 // RATE


def silence(ms: int) -> Spoken:
    """Nothing, for so long."""
    return Spoken(array.array("h", bytes(2 * (RATE * ms // 1000))))


def voice() -> Callable[[str], Spoken]:
    """What turns a sentence into sound on this machine."""
    program = shutil.which("espeak-ng")
    if program is not None and _program_speaks(program):
        return lambda text: _by_program(program, text)
    library = _library()
    if library is not None:
        return lambda text: _by_library(library, text)
    return _hummed


def _program_speaks(program: str) -> bool:
    try:
        found = subprocess.run(  # noqa: S603 - the synthesiser itself
            [program, f"--voices={VOICE}"], capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return VOICE.encode() in found.stdout


def _by_program(program: str, text: str) -> Spoken:
    try:
        made = subprocess.run(  # noqa: S603 - a list, no shell; the text comes by standard input
            [program, "-v", VOICE, "-s", str(WORDS_A_MINUTE), "--stdin", "--stdout"],
            input=text.encode("utf-8"),
            capture_output=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return _hummed(text)
    samples = array.array("h")
    body = made.stdout[WAV_HEADER_BYTES:]
    samples.frombytes(body[: len(body) // 2 * 2])
    return Spoken(samples) if samples else _hummed(text)


def _library() -> Any:
    """The wheel's library, ready to speak Mandarin; None where it cannot."""
    try:
        wheel = importlib.import_module("espeakng_loader")
        library = ctypes.CDLL(wheel.get_library_path())
        rate = library.espeak_Initialize(SYNCHRONOUS, 0, str(wheel.get_data_path()).encode(), 0)
        if rate != RATE or library.espeak_SetVoiceByName(VOICE.encode()) != 0:
            return None
        library.espeak_SetParameter(1, WORDS_A_MINUTE, 0)
    except (ImportError, OSError, RuntimeError, AttributeError):
        return None
    return library


def _by_library(library: Any, text: str) -> Spoken:
    samples = array.array("h")

    def collect(wave: Any, count: int, _events: Any) -> int:
        if wave and count > 0:
            samples.frombytes(ctypes.string_at(wave, 2 * count))
        return 0

    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    callback = kind(collect)
    data = text.encode("utf-8") + b"\0"
    with _one_at_a_time:
        library.espeak_SetSynthCallback(callback)
        library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, UTF8, None, None)
        library.espeak_Synchronize()
    return Spoken(samples) if samples else _hummed(text)


def _hummed(text: str) -> Spoken:
    """As long as reading the text takes: a quiet chord that swells and fades."""
    count = max(RATE, int(len(text) / CHARACTERS_A_SECOND * RATE))
    steps = [2 * math.pi * hertz / RATE for hertz in CHORD_HZ]
    samples = array.array("h", bytes(2 * count))
    for at in range(count):
        swell = math.sin(math.pi * at / count)
        samples[at] = int(500 * swell * sum(math.sin(step * at) for step in steps))
    return Spoken(samples)
