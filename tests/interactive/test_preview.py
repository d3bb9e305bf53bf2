"""The picture of the crop shows each map in its panel, on the scale that is written below it."""

import io

import matplotlib.image
import numpy as np

from hyperspy_multimodal.interactive.preview import Preview


def test_each_panel_shows_what_its_title_says():
    rng = np.random.default_rng(1)
    preview = Preview(["Co_Ka", "O_Ka"], "net counts")
    for shape in ((12, 20), (9, 7)):  # a crop may change its shape
        haadf, residual = rng.uniform(size=shape), rng.normal(size=shape)
        raw, fused = rng.poisson(3.0, (2, *shape)).astype(float), rng.uniform(1, 4, (2, *shape))
        raw[0, 0] = np.nan  # left out by a mask
        picture = preview.draw(haadf, residual, raw, fused)
        expected = {
            "HAADF": haadf,
            "HAADF residual": residual,
            "Co_Ka, raw": raw[0],
            "Co_Ka, fused": fused[0],
            "O_Ka, raw": raw[1],
            "O_Ka, fused": fused[1],
        }
        found = {axis.get_title(): axis for axis in preview._axes.flat}
        assert found.keys() == expected.keys()
        for title, axis in found.items():
            (image,) = axis.images
            np.testing.assert_array_equal(image.get_array().filled(np.nan), expected[title])
            left, right, bottom, top = image.get_extent()
            assert (bottom - top, right - left) == shape
            low, high = image.get_clim()
            written = axis.get_xlabel().replace("\N{MINUS SIGN}", "-").split("\n")[0].split(" to ")
            np.testing.assert_allclose([float(each) for each in written], [low, high], rtol=0.06)
            assert low == (-high if "residual" in title else haadf.min() if title == "HAADF" else 0)
        assert matplotlib.image.imread(io.BytesIO(picture)).ndim == 3
