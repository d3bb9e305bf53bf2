"""A file as Velox writes it, as far as RosettaSciIO reads it: spectra as a stream, and images."""

import json

import h5py
import numpy as np

_PIXEL_ENDS = 65535


def write_velox(path, counts, images, pixel, channel, elements):
    """Write a spectrum image and images.

    Parameters
    ----------
    path : pathlib.Path
        File, .emd.
    counts : numpy.ndarray
        Whole numbers, shape (ny, nx, channels).
    images : dict of str to numpy.ndarray
        Images (ny, nx) by title.
    pixel, channel : float
        Size of a pixel in nm, width of a channel in eV.
    elements : list of int
        Atomic numbers of what was selected for quantification.
    """
    channels = counts.shape[-1]
    binary = {
        "PixelSize": {"width": str(pixel * 1e-9), "height": str(pixel * 1e-9)},
        "Offset": {"x": "0", "y": "0"},
        "PixelUnitX": "m",
        "PixelUnitY": "m",
    }
    known = {
        "Acquisition": {"AcquisitionStartDatetime": {"DateTime": "1500000000"}},
        "Optics": {"AccelerationVoltage": "200000"},
        "Detectors": {
            "Detector-0": {"DetectorName": "HAADF"},
            "Detector-1": {
                "DetectorName": "SuperXG11",
                "Dispersion": str(channel),
                "OffsetEnergy": "0",
            },
        },
    }
    with h5py.File(path, "w") as file:
        file["Version"] = _strings([{"format": "Velox", "version": "11"}])
        selected = {"elementSelection": [str(number) for number in elements]}
        file["SharedProperties/EDSSpectrumQuantificationSettings/q"] = _strings([selected])
        for number, (title, image) in enumerate(images.items()):
            home = f"Data/Image/{number:032x}"
            file.create_dataset(f"{home}/Data", data=np.asarray(image)[..., None], chunks=True)
            own = {"BinaryResult": {**binary, "DetectorIndex": "0", "Detector": "HAADF"}, **known}
            file[f"{home}/Metadata"] = _bytes(own)
            reference = f"SharedProperties/ImageSeriesDataReference/{number:032x}"
            file[reference] = _strings([{"dataPath": f"/{home}"}])
            shown = {"id": title, "data": f"/{reference}"}
            file[f"Displays/ImageDisplay/{number:032x}"] = _strings([shown])
        stream = "Data/SpectrumStream/" + 32 * "a"
        file[f"{stream}/Data"] = _stream(counts)[:, None]
        own = {"BinaryResult": {**binary, "DetectorIndex": "1", "Detector": "SuperXG11"}, **known}
        file[f"{stream}/Metadata"] = _bytes(own)
        settings = {"bincount": str(channels), "StreamEncoding": "uint16"}
        file[f"{stream}/AcquisitionSettings"] = _strings([settings])
        file["Data/SpectrumImage/" + 32 * "b" + "/SpectrumImageSettings"] = _strings(
            [{"endFramePosition": "1"}]
        )


def _stream(counts):
    """Return the channel of each count, pixel by pixel, each of which ends with 65535."""
    spectra = counts.reshape(-1, counts.shape[-1])
    channels = np.arange(counts.shape[-1])
    pixels = [np.append(np.repeat(channels, each), _PIXEL_ENDS) for each in spectra]
    return np.concatenate(pixels).astype(np.uint16)


def _strings(dictionaries):
    texts = [json.dumps(each) for each in dictionaries]
    return np.array(texts, dtype=h5py.string_dtype())


def _bytes(dictionary):
    return np.frombuffer(json.dumps(dictionary).encode(), np.uint8)[:, None]
