#!/usr/bin/env python3
"""bench_documents.py: what bench writes for other programs: JSON against its schema, the page in a browser, the manual page, the completion.
SPDX-License-Identifier: MIT

usage: bench_documents.py BENCH [TEST...]   as unittest takes tests, e.g. Page.test_two_devices

A test whose tool is not installed (jsonschema for Python, chromium, man, bash) is skipped, and says so.
"""
import contextlib
import html.parser
import importlib.util
import io
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
try:
    import jsonschema
except ImportError:
    jsonschema = None


os.environ.setdefault("CONVCL_TUNE", "off")  # what is tested here does not depend on it


def bench(*arguments, status=0, **environment):
    done = subprocess.run([BENCH, *map(str, arguments)], capture_output=True, text=True, check=False, env={**os.environ, **environment})
    if done.returncode != status:
        raise AssertionError(f"bench {arguments}: exit status {done.returncode}: {done.stderr}")
    return done.stdout


# Devices as drivers name them, long and short, with times that differ a hundredfold.
DEVICES = [("AMD EPYC", "Intel(R) OpenCL", "CPU", 1.0), ("pthread-skylake-avx512-AMD EPYC", "Portable Computing Language", "CPU", 0.9),
           ("NVIDIA H100 80GB HBM3", "NVIDIA CUDA", "GPU", 0.03), ("gfx1100", "AMD Accelerated Parallel Processing", "GPU", 0.06),
           ("Intel(R) Arc(TM) A770 Graphics", "Intel(R) OpenCL Graphics", "GPU", 0.12), ("Mali-G710 r0p0", "ARM Platform", "GPU", 6.0),
           ("QUALCOMM Adreno(TM)", "QUALCOMM Snapdragon(TM)", "GPU", 4.0), ("<b>&\"quoted\"</b>", "a & b", "ACCELERATOR", 2.0)]


def made_run(index):
    """A run that was made up, with all that the page shows."""
    name, platform, kind, factor = DEVICES[index]
    rng = random.Random(index)
    phases, layers = [], []
    for phase, seconds in (("forward", 0.045), ("forward-backward", 0.147)):
        samples = [seconds * factor * (1 + abs(rng.gauss(0, 0.01)) + (0.3 * rng.random() if rng.random() < 0.03 else 0)) for _ in range(100)]
        ordered = sorted(samples)
        mean = sum(samples) / 100
        phases.append({"name": phase, "steps": 100, "mean_s": mean, "sd_s": (sum((x - mean) ** 2 for x in samples) / 100) ** 0.5,
                       "median_s": (ordered[49] + ordered[50]) / 2, "min_s": ordered[0], "samples_s": samples})
        for layer, flop in (("conv1", 4.5), ("conv2", 14.3), ("conv3", 7.2), ("conv4", 9.6), ("conv5", 6.4)):
            for direction in ("fwd",) if phase == "forward" else ("fwd", "bwd_data", "bwd_weights"):
                time = flop / 450 * factor * (1 + 0.2 * rng.random())
                layers.append({"phase": phase, "layer": layer, "direction": direction, "algorithm": "winograd", "time_s": time,
                               "gflops": flop / time, "share_of_peak": 0.7, "bound": "arithmetic", "pack_s": 0.15 * time, "gemm_s": 0.7 * time,
                               "unpack_s": 0.1 * time, "roofline_s": 0.6 * time})
    return {"convcl": "0.1.0", "network": "alexnet", "partial": False, "ceilings": None, "setup": {"compile_s": 1.0, "tune_s": 0.0},
            "device": {"index": index, "name": name, "platform": platform, "vendor": "vendor", "driver": f"1.{index}", "type": kind},
            "config": {"batch": 32, "steps": 100, "burn_in": 10, "seed": 1, "math": "default"},
            "activations": [{"name": "conv1", "shape": [32, 56, 56, 64]}], "phases": phases, "layers": layers,
            "verify": {"ran": False, "max_relative_l2": 0.0, "tensors": []}}


def import_peer(name):
    """A module of bench/peers."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"bench/peers/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)


@unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
class Schema(Folder):
    @classmethod
    def setUpClass(cls):
        schema = json.loads((ROOT / "bench/schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.validator = jsonschema.Draft202012Validator(schema)

    def check(self, document):
        faults = list(self.validator.iter_errors(document))
        if faults:
            worst = jsonschema.exceptions.best_match(faults)
            self.fail(f"{worst.json_path}: {worst.message[:500]}")
        return document

    def test_runs_and_their_comparison(self):
        for device in ("0", "all"):
            path = self.path / f"{device}.json"
            out = bench("-d", device, "-b", 1, "--steps", 3, "--burn-in", 1, "--layers", "--verify", "--format", "json", "--json", path)
            self.assertEqual(self.check(json.loads(path.read_text())).keys(), self.check(json.loads(out)).keys())
        self.check(json.loads(bench("compare", "--format", "json", self.path / "0.json", self.path / "all.json")))

    def test_plain_run(self):
        path = self.path / "x.json"
        bench("-b", 1, "--steps", 1, "--burn-in", 0, "--phase", "forward", "--json", path)
        self.assertEqual([p["name"] for p in self.check(json.loads(path.read_text()))["phases"]], ["forward"])

    def test_time_budget(self):
        self.assertTrue(self.check(json.loads(bench("-b", 1, "--steps", 100000, "--time-budget", 4, "--format", "json")))["partial"])

    def test_list_of_devices(self):
        self.assertGreater(len(self.check(json.loads(bench("--list-devices", "--format", "json")))["devices"]), 0)

    def test_list_of_layers(self):
        """Each network as bench has it: every layer reads one before it, and the activations are layers of that shape."""
        for net, layers, parameters in (("alexnet", 17, 2468544), ("alexnet-full", 24, 61090496), ("overfeat", 22, 145909792), ("vgg-a", 30, 132851392),
                                        ("cifar10-quick", 13, 145376)):
            described = self.check(json.loads(bench("--list-layers", "--net", net, "-b", 3, "--format", "json")))
            self.assertEqual((described["network"], described["batch"], len(described["layers"])), (net, 3, layers))
            shapes, weights = {None: None}, 0
            for layer in described["layers"]:
                before, after = shapes[layer["input"]], layer["shape"]
                if layer["operation"] == "conv":
                    weights += layer["filter"][0] * layer["filter"][1] * before[3] * after[3]
                elif layer["operation"] == "dense":
                    self.assertEqual(layer["inputs"], before[1] * before[2] * before[3])
                    weights += layer["inputs"] * after[3]
                shapes[layer["name"]] = after
            self.assertEqual(weights, parameters)
            for activation in described["activations"]:
                self.assertEqual(activation["shape"], shapes[activation["layer"]])

    def test_single_operations(self):
        conv = bench("conv", "n1ic8ih9iw9oc8f3p1", "n1ic8ih9iw9oc8f3p1g2", "--algo", "winograd", "--steps", 2, "--verify", "--format", "json")
        self.assertIn("unsupported", [row["status"] for row in self.check(json.loads(conv))["rows"]])
        self.check(json.loads(bench("gemm", "gm16gn16gk16gb1", "--steps", 2, "--format", "json")))

    def test_exported_cache(self):
        path, folder = self.path / "tunings.json", str(self.path / "cache")
        bench("--net", "cifar10-quick", "-b", 4, "--steps", 1, "--burn-in", 0, "--phase", "forward", "--tune", "quick", CONVCL_CACHE_DIR=folder)
        bench("cache", "export", path, CONVCL_CACHE_DIR=folder)
        self.assertGreater(len(self.check(json.loads(path.read_text()))["entries"]), 0)

    def test_made_runs(self):
        """Those that the page is tested with are as real ones."""
        for index in range(len(DEVICES)):
            self.check(made_run(index))

    def test_peers(self):
        """What peer.py writes, with steps that do nothing in the place of a framework's."""
        peer = import_peer("peer")
        network = peer.networks.describe(BENCH, "alexnet", 32)
        options = types.SimpleNamespace(network=network, batch=32, steps=3, burn_in=1, threads=2, math="default", runs=[])
        with contextlib.redirect_stdout(io.StringIO()):
            for name in ("one", "two"):
                run = peer.Run(options, name, name.title(), "1.0")
                run.time("forward", lambda: sum(range(20000)))
        peer.write_json(str(self.path / "one.json"), options.runs[:1])
        peer.write_json(str(self.path / "two.json"), options.runs)
        for name in ("one", "two"):
            self.check(json.loads((self.path / f"{name}.json").read_text()))
        bench("-b", 32, "--steps", 1, "--burn-in", 0, "--phase", "forward", "--json", self.path / "convcl.json")
        table = bench("compare", "--format", "csv", self.path / "convcl.json", self.path / "two.json")
        self.assertEqual(len(re.findall("^forward,,", table, re.MULTILINE)), 3)

    def test_nonsense_is_refused(self):
        run = made_run(0)
        for change in ({"phases": [{"name": "forward"}]}, {"device": {}}, {"partial": 1}, {"unknown": 1}):
            self.assertFalse(self.validator.is_valid({**run, **change}), change)


class Peers(Folder):
    """Every network in every framework that this interpreter has, with nothing timed but a step: the builders check all shapes themselves."""

    def check(self, package, peer):
        if importlib.util.find_spec(package) is None:
            self.skipTest(f"{package} is not installed")
        for net in ("alexnet", "alexnet-full", "overfeat", "vgg-a", "cifar10-quick"):
            path = self.path / f"{net}.json"
            subprocess.run([sys.executable, ROOT / "bench/peers/peer.py", peer, "--bench", BENCH, "--net", net, "--batch", "1", "--steps", "1", "--burn-in", "0",
                            "--json", path], capture_output=True, check=True)
            document = json.loads(path.read_text())
            for run in document.get("runs", [document]):
                self.assertEqual((run["network"], run["config"]["batch"]), (net, 1))

    def test_tensorflow(self):
        self.check("tensorflow", "tensorflow")

    def test_torch(self):
        self.check("torch", "torch")

    def test_onnxruntime(self):
        self.check("onnxruntime", "onnxruntime")

    def test_openvino(self):
        self.check("openvino", "openvino")

    def test_padding(self):
        """Pads that a framework cannot express are refused, and the others are what its words mean."""
        networks = import_peer("networks")
        layer = {"name": "pool", "operation": "maxpool", "stride": [2, 2], "padding": [0, 1, 0, 1], "shape": [1, 16, 16, 8]}
        self.assertEqual(networks.tensorflow_padding(layer, [32, 32], [3, 3]), "SAME")
        self.assertEqual(networks.tensorflow_padding({**layer, "padding": [0] * 4}, [33, 33], [3, 3]), "VALID")
        self.assertEqual(networks.torch_pads(None, layer)[:2], ((0, 0), True))
        self.assertEqual(networks.torch_pads(None, {**layer, "padding": [1, 1, 0, 0]})[:2], ((1, 0), False))
        with self.assertRaisesRegex(ValueError, "layer pool: padding .* is neither SAME nor VALID"):
            networks.tensorflow_padding({**layer, "padding": [1, 0, 1, 0]}, [32, 32], [3, 3])
        with self.assertRaisesRegex(ValueError, "layer pool: padding .* cannot be expressed"):
            networks.torch_pads(None, {**layer, "padding": [1, 0, 1, 0]})
        with self.assertRaisesRegex(ValueError, "layer pool: the peer's shape is .*, must be"):
            networks.check_shape(layer, [1, 15, 15, 8])


# Runs in the page: what is drawn must have a size, lie inside its picture, and not be covered by other text.
PROBE = """
<script>
addEventListener('error', e => document.body.setAttribute('data-error', e.message));
addEventListener('load', () => {
  const faults = [], box = e => e.getBoundingClientRect(), text = e => e.textContent.trim().slice(0, 40);
  for (const svg of document.querySelectorAll('svg')) {
    const outer = box(svg);
    if (outer.width < 20 || outer.height < 10) faults.push('a picture of ' + outer.width + 'x' + outer.height);
    for (const e of svg.querySelectorAll('rect, line, polyline, text')) {
      const inner = box(e);
      if (inner.left < outer.left - 2 || inner.right > outer.right + 2 || inner.top < outer.top - 2 || inner.bottom > outer.bottom + 2)
        faults.push(e.tagName + ' ' + text(e) + ' outside its picture');
    }
  }
  for (const kind of ['svg text', '.row > *', '.card > *', 'h2', 'td']) {
    const all = [...document.querySelectorAll(kind)].map(e => [e, box(e)]).filter(p => p[0].textContent.trim());
    for (let i = 0; i < all.length; i++)
      for (let j = i + 1; j < all.length; j++) {
        const a = all[i][1], b = all[j][1];
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1 && !all[i][0].contains(all[j][0]))
          faults.push(text(all[i][0]) + ' overlaps ' + text(all[j][0]));
      }
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is ' + document.documentElement.scrollWidth + ' wide in a window of ' + innerWidth);
  document.body.setAttribute('data-pictures', document.querySelectorAll('svg').length);
  document.body.setAttribute('data-faults', JSON.stringify(faults));
});
</script>
"""


class Tags(html.parser.HTMLParser):
    """Checks that what was opened is closed, in order."""
    VOID = {"meta", "link", "br", "rect", "line", "polyline", "circle"}

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> at {self.getpos()} closes nothing")


class Page(Folder):
    maxDiff = None

    def write(self, count):
        runs = [made_run(index) for index in (range(count) if count > 1 else [0])]
        (self.path / "runs.json").write_text(json.dumps({"runs": runs} if count > 1 else runs[0]))
        bench("compare", "--format", "json", "--html", self.path / "x.html", self.path / "runs.json")
        return (self.path / "x.html").read_text()

    def browse(self, page, width):
        """The attributes that the probe leaves, and what the browser had to say."""
        probed = page.replace("</body>", PROBE + "</body>")
        # The page forbids scripts, which is what makes it safe to open, and the probe is one.
        probed = re.sub(r"<meta http-equiv=Content-Security-Policy[^>]*>", "", probed)
        results = []
        for name, text in (("page.html", page), ("probed.html", probed)):
            (self.path / name).write_text(text)
            done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={self.path}/profile", "--enable-logging=stderr",
                                   "--disable-dev-shm-usage", f"--window-size={width},1200", "--virtual-time-budget=5000", "--dump-dom",
                                   f"file://{self.path}/{name}"], capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(re.findall(r".*CONSOLE.*", done.stderr), [], name)
            results.append(done.stdout)
        found = dict(re.findall(r'data-(pictures|faults|error)="([^"]*)"', results[1]))
        self.assertNotIn("error", found)
        self.assertIn("faults", found, "the browser did not show the page")
        return int(found["pictures"]), json.loads(found["faults"].replace("&quot;", '"').replace("&amp;", "&"))

    def check(self, count, pictures):
        page = self.write(count)
        tags = Tags()
        tags.feed(page)
        self.assertEqual(tags.open, [])
        self.assertEqual(page.count("<svg"), pictures)
        if not CHROMIUM:
            self.skipTest("chromium is not installed")
        for width in (1280, 800, 500):
            shown, faults = self.browse(page, width)
            self.assertEqual(shown, pictures)
            self.assertEqual(faults, [], f"at a width of {width}")

    # Pictures: a bar for each phase and device, its ratio but for the first, two for its steps, and a bar for each of 20 layers.
    def test_one_device(self):
        self.check(1, 2 + 0 + 4 + 20)

    def test_two_devices(self):
        self.check(2, 4 + 2 + 8 + 40)

    def test_eight_devices(self):
        self.check(8, 16 + 14 + 32 + 160)

    def test_of_a_run(self):
        bench("-b", 1, "--steps", 2, "--burn-in", 0, "--html", self.path / "run.html")
        page = (self.path / "run.html").read_text()
        self.assertTrue(page.startswith("<!DOCTYPE html>") and page.endswith("</html>\n"))
        self.assertEqual(page.count("<svg"), 2 + 4)


def options_of(*command):
    """The options that a help names."""
    return set(re.findall(r"(?:^|[ ,(;])(--?[a-z][a-z-]*)", bench(*command, "--help"), re.MULTILINE))


class Manual(unittest.TestCase):
    def test_names_every_option(self):
        text = (ROOT / "bench/bench.1").read_text().replace("\\-", "-")
        for command in ((), ("conv",), ("compare",)):
            for option in options_of(*command):
                self.assertIn(option, re.findall(r"--?[a-z][a-z-]*", text), f"bench {command}")

    def test_names_no_other_option(self):
        text = (ROOT / "bench/bench.1").read_text().replace("\\-", "-")
        known = options_of() | options_of("conv") | options_of("compare")
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text):
            self.assertIn(option, known)

    @unittest.skipIf(shutil.which("groff") is None, "groff is not installed")
    def test_is_well_formed(self):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", str(ROOT / "bench/bench.1")], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        self.assertIn("VERDICTS", re.sub(".\b", "", done.stdout))


@unittest.skipIf(shutil.which("bash") is None, "bash is not installed")
class Completion(Folder):
    def complete(self, *words):
        script = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _convcl_bench; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, str(ROOT / "bench/bench.bash"), BENCH, *words], capture_output=True, text=True, check=True, cwd=self.path)
        self.assertEqual(done.stderr, "")
        return [line for line in done.stdout.splitlines() if line]

    def test_options_are_those_of_the_help(self):
        for command in ((), ("conv",), ("compare",)):
            self.assertEqual(set(self.complete(*command, "-")), options_of(*command))

    def test_values(self):
        self.assertEqual(self.complete("--format", "m"), ["markdown"])
        self.assertEqual(self.complete("compare", "--format", ""), ["csv", "json", "markdown", "text"])
        self.assertIn("gather", self.complete("--algo", ""))
        self.assertIn("register", self.complete("--gemm", ""))
        self.assertEqual(self.complete("--net", ""), ["alexnet", "alexnet-full", "cifar10-quick", "overfeat", "vgg-a"])
        self.assertIn("0", self.complete("--device", ""))
        self.assertEqual(self.complete("co"), ["compare", "conv"])

    def test_files(self):
        for name in ("a.json", "a.txt", "b c.json"):
            (self.path / name).write_text("")
        self.assertEqual(self.complete("compare", "a"), ["a.json"])
        self.assertEqual(self.complete("compare", "a.json", "b"), ["b c.json"])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
