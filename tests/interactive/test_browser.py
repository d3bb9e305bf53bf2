"""The tuner in JupyterLab, used as a person would: sliders, crop, apply, read in the next cell."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

REASON = "needs the browser extra: {}"
for module in ("jupyterlab", "ipympl", "ipywidgets", "ipykernel"):
    pytest.importorskip(module, reason=REASON.format(module))
nbformat = pytest.importorskip("nbformat", reason=REASON.format("nbformat"))
playwright = pytest.importorskip("playwright.sync_api", reason=REASON.format("playwright"))

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium or Chrome")

SECONDS = 120
#: File to draw the tuner into, for the documentation.
SCREENSHOT = os.environ.get("TUNER_SCREENSHOT")
CELLS = [
    """from hyperspy_multimodal.data import core_shell

specimen = core_shell((96, 96), counts=8)
tuner = specimen.signal.multimodal_fusion_interactive(
    specimen.haadf, gamma=1, lambdas=(0.01, 0.02), show_progressbar=False
)
tuner""",
    """again = specimen.signal.multimodal_fusion(
    specimen.haadf, **tuner.parameters, show_progressbar=False
)
same = all((a.data == b.data).all() for a, b in zip(tuner.maps, again))
print("READ", len(tuner.maps), tuner.maps[0].data.shape, tuner.parameters["gamma"], same)""",
]
# What the page shows of a picture: its bytes, summed so that a change of any of them shows.
SUM_OF_PICTURE = """async image => {
    const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    return Array.from(new Uint8Array(digest)).join(" ");
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Address of a JupyterLab of its own, with one notebook, closed afterwards."""
    folder = tmp_path_factory.mktemp("lab")
    work = folder / "work"
    work.mkdir()
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, CELLS)))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, work / "tuning.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
    env.pop("MPLBACKEND", None)
    for name in ("CONFIG", "DATA", "RUNTIME"):
        env[f"JUPYTER_{name}_DIR"] = str(folder / name.lower())
    for name in ("SETTINGS", "WORKSPACES"):
        env[f"JUPYTERLAB_{name}_DIR"] = str(folder / name.lower())
    options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root"]
    options += [f"--ServerApp.root_dir={work}", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=", "--LabApp.news_url=", "--expose-app-in-browser"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=work,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(url, server, folder / "log")
        yield url
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_it_answers(url, server, log):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            pytest.fail(f"JupyterLab stopped: {log.read_text()[-2000:]}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/api/status", timeout=5).close()
            return
        time.sleep(0.3)
    pytest.fail(f"JupyterLab does not answer: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def page(address):
    """The notebook in a browser, with the first cell run."""
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page(viewport={"width": 1400, "height": 1300})
        page.set_default_timeout(1000 * SECONDS)
        # Such as the choice of a kernel, if a cell is run while that starts.
        dialog = page.locator(".jp-Dialog")
        page.add_locator_handler(dialog, lambda: dialog.locator(".jp-mod-accept").last.click())
        try:
            page.goto(f"{address}/lab/tree/tuning.ipynb?reset")
            _run_cell(page, 0)
            page.locator(".multimodal-fusion-tuner img").wait_for()
            page.locator(".jupyter-matplotlib-canvas-div canvas").first.wait_for()
            yield page
        finally:
            browser.close()


def _run_cell(page, number):
    """Run a cell; again if JupyterLab forgets it, as it may while the kernel starts."""
    cell = page.locator(".jp-CodeCell").nth(number)
    prompt = cell.locator(".jp-InputArea-prompt")
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(1500)
        if prompt.inner_text().strip(" :[]"):
            return
    pytest.fail(f"Cell {number} is not run.")


def _picture(page):
    return page.locator(".multimodal-fusion-tuner img").evaluate(SUM_OF_PICTURE)


def _settled_picture(page):
    """Return the picture once its preview goes on no more."""
    tuner = page.locator(".multimodal-fusion-tuner")
    end = time.monotonic() + SECONDS
    while "relative gap" in tuner.inner_text() and time.monotonic() < end:
        page.wait_for_timeout(50)
    return _picture(page)


def _next_picture(page, before):
    """Return the picture once it is another one, or that before if it stays for long."""
    end = time.monotonic() + SECONDS
    while _picture(page) == before and time.monotonic() < end:
        page.wait_for_timeout(50)
    return _picture(page)


def test_a_slider_changes_the_picture_and_the_line_of_code(page):
    before = _settled_picture(page)
    page.locator(".widget-slider", has_text="gamma").locator(".noUi-handle").focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    assert _next_picture(page, before) != before
    code = page.locator(".multimodal-fusion-tuner code")
    code.filter(has_text="gamma=1.4").wait_for()
    assert code.inner_text().startswith(
        "s.multimodal_fusion(haadf, gamma=1.4, lambdas=(0.01, 0.02)"
    )


def test_dragging_the_crop_changes_the_picture(page):
    before = _settled_picture(page)
    box = page.locator(".jupyter-matplotlib-canvas-div").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 12, steps=5)
    page.mouse.move(x + 45, y + 25, steps=5)
    page.mouse.up()
    assert _next_picture(page, before) != before


def test_maps_of_the_whole_scan_are_read_in_the_next_cell(page):
    page.get_by_role("button", name="Apply to all").click()
    tuner = page.locator(".multimodal-fusion-tuner", has_text="Applied to all")
    tuner.wait_for()
    if SCREENSHOT:
        page.add_style_tag(content=".Toastify { display: none }")  # news of JupyterLab
        tuner.screenshot(path=SCREENSHOT)
    _run_cell(page, 1)
    output = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output").last
    output.filter(has_text="READ").wait_for()
    assert output.inner_text().strip() == "READ 3 (96, 96) 1.4 True"
