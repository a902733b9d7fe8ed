"""A Compose project on one sandbox, from `up` to `down`. Run by server/setup/clients.sh, with DOCKER_HOST set
and `docker compose` there. The tests are one session: they run in the order of their names."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

PROJECT = pathlib.Path(__file__).parent / "project"
WAIT_SECONDS = 60
# As many as a large project has.
SERVICES_AT_ONCE = 12


def compose(*words, fails=False, folder=None):
    """What it prints."""
    folder = folder or Restaurant.folder.name
    done = subprocess.run(["docker", "compose", *words], cwd=folder, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
    if (done.returncode != 0) != fails:
        raise AssertionError(f"docker compose {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + (done.stderr if fails else "")


def containers(*words):
    """`docker compose ps`, by name."""
    return {row["Name"]: row for row in map(json.loads, compose("ps", "--format", "json", *words).splitlines())}


def until(ask, what):
    """Waits for a state; its value."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if value := ask():
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come about within {WAIT_SECONDS} s")


class Restaurant(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Not where it lies in Lunchbox's own repository: see the last test.
        cls.folder = tempfile.TemporaryDirectory()
        shutil.copytree(PROJECT, cls.folder.name, dirs_exist_ok=True)
        compose("down", "--volumes", "--remove-orphans")

    @classmethod
    def tearDownClass(cls):
        compose("down", "--volumes", "--remove-orphans")
        cls.folder.cleanup()

    def test_01_the_file_is_understood(self):
        self.assertEqual(sorted(compose("config", "--services").split()), ["cook", "front", "larder"])

    def test_02_the_image_is_built(self):
        compose("build")
        self.assertIn("restaurant-cook", compose("images", "--format", "json") + subprocess.check_output(["docker", "images"], text=True))

    def test_03_images_are_pulled(self):
        compose("pull", "--ignore-buildable", "--quiet")

    def test_04_up_starts_all_in_order(self):
        compose("up", "--detach")
        states = {name: row["State"] for name, row in containers().items()}
        self.assertEqual(states, {"restaurant-cook-1": "running", "restaurant-front-1": "running", "restaurant-larder-1": "running"})
        self.assertEqual(containers()["restaurant-cook-1"]["Health"], "healthy")

    def test_05_the_published_port_is_told(self):
        self.assertEqual(compose("port", "front", "80").strip(), "0.0.0.0:8080")

    def test_06_up_again_changes_nothing(self):
        before = {name: row["ID"] for name, row in containers().items()}
        compose("up", "--detach")
        self.assertEqual({name: row["ID"] for name, row in containers().items()}, before)

    def test_07_logs_are_prefixed_with_the_service(self):
        self.assertIn("cook-1  | cooking soup", compose("logs", "cook"))

    def test_08_commands_run_in_a_service(self):
        self.assertEqual(compose("exec", "-T", "larder", "redis-cli", "ping").strip(), "PONG")
        self.assertIn("exec", compose("exec", "-T", "larder", "nosuch", fails=True))

    def test_09_a_service_reaches_another_by_its_name(self):
        page = compose("exec", "-T", "front", "bash", "-c", "exec 3<>/dev/tcp/cook/8000; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3")
        self.assertIn("soup from ", page)

    def test_10_and_only_on_networks_that_it_shares(self):
        for network, reaches in (("kitchen", True), ("dining", False)):
            words = ["docker", "run", "--rm", "--network", f"restaurant_{network}", "busybox", "wget", "-q", "-O", "-", "http://cook:8000"]
            asked = subprocess.run(words, capture_output=True, text=True, timeout=60)
            self.assertEqual("soup from " in asked.stdout, reaches, asked.stdout + asked.stderr)

    def test_11_a_run_of_one_command_leaves_nothing(self):
        self.assertEqual(compose("run", "--rm", "--no-deps", "-T", "cook", "echo", "once").strip(), "once")
        self.assertEqual(len(containers("--all")), 3)

    def test_12_a_service_is_scaled(self):
        compose("up", "--detach", "--no-recreate", "--scale", "larder=2")
        self.assertEqual(sorted(containers("larder")), ["restaurant-larder-1", "restaurant-larder-2"])
        compose("up", "--detach", "--no-recreate", "--scale", "larder=1")
        self.assertEqual(sorted(containers("larder")), ["restaurant-larder-1"])

    def test_13_a_restart_starts_anew(self):
        started = self.started("larder")
        compose("restart", "--timeout", "1", "larder")
        self.assertNotEqual(self.started("larder"), started)

    def test_14_what_is_in_the_volume_outlives_its_container(self):
        compose("exec", "-T", "cook", "sh", "-c", "echo bread > /dishes/kept")
        compose("rm", "--stop", "--force", "cook")
        compose("up", "--detach", "cook")
        self.assertEqual(compose("exec", "-T", "cook", "cat", "/dishes/kept").strip(), "bread")

    def test_15_processes_are_told(self):
        self.assertIn("httpd", compose("top", "cook"))

    def test_16_a_paused_service_says_so(self):
        compose("pause", "front")
        self.assertEqual(containers()["restaurant-front-1"]["State"], "paused")
        compose("unpause", "front")

    def test_17_files_are_copied(self):
        with tempfile.TemporaryDirectory() as folder:
            compose("cp", "cook:/serve.sh", folder)
            self.assertIn("cooking", (pathlib.Path(folder) / "serve.sh").read_text())

    def test_18_stop_and_start(self):
        compose("stop", "--timeout", "1")
        self.assertEqual({row["State"] for row in containers("--all").values()}, {"exited"})
        compose("start")
        until(lambda: {row["State"] for row in containers().values()} == {"running"}, "all services running")

    def test_19_down_removes_all_that_up_made(self):
        compose("down", "--volumes", "--timeout", "1")
        for words in (["ps", "--all"], ["volume", "ls"], ["network", "ls"]):
            self.assertNotIn("restaurant", subprocess.check_output(["docker", *words], text=True))

    def test_20_a_project_in_a_git_repository_is_built(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
            for words in (["init", "--quiet"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "-m", "x"]):
                subprocess.run(["git", *words], cwd=folder, check=True)
            compose("build", folder=folder)

    def test_21_services_are_built_that_are_asked_for_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            dishes = [f"dish{number}" for number in range(SERVICES_AT_ONCE)]
            services = {name: {"build": {"context": ".", "args": {"DISH": name}}} for name in dishes}
            (pathlib.Path(folder) / "Dockerfile").write_text("FROM busybox\nARG DISH\nRUN sleep 0.3 && echo $DISH >/dish\n")
            (pathlib.Path(folder) / "compose.yaml").write_text(json.dumps({"name": "menu", "services": services}))
            compose("build", folder=folder)
            for name in services:
                said = subprocess.check_output(["docker", "run", "--rm", f"menu-{name}", "cat", "/dish"], text=True)
                self.assertEqual(said.strip(), name)
                subprocess.check_output(["docker", "rmi", f"menu-{name}"])

    def started(self, service):
        name = compose("ps", "--quiet", service).strip()
        return subprocess.check_output(["docker", "inspect", "--format", "{{.State.StartedAt}}", name], text=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
