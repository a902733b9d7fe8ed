"""A session of the Docker SDK for Python on one sandbox: what a program does that was written for any Docker
Engine. Run by server/setup/clients.sh, with DOCKER_HOST set."""

import io
import tarfile
import time
import unittest

import docker
from docker import errors

IMAGE = "busybox:latest"
WAIT_SECONDS = 30


def until(ask, what):
    """Waits for a state; its value."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if value := ask():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come about within {WAIT_SECONDS} s")


def archive(files):
    """A tar of name → bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


class Session(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = docker.from_env()
        cls.client.images.pull(IMAGE)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()

    def tearDown(self):
        for container in self.client.containers.list(all=True):
            container.remove(force=True, v=True)
        self.client.networks.prune()
        self.client.volumes.prune(filters={"all": True})

    def output(self, container, command, **options):
        """What a command in a container prints. Asked again where nothing came: see
        `test_no_output_of_a_short_command_is_lost`."""
        return until(lambda: container.exec_run(command, **options).output, f"the output of {command}")

    def up(self, *command, **options):
        return self.client.containers.run(IMAGE, command or ["sleep", "600"], detach=True, **options)


class System(Session):
    def test_the_host_says_what_it_is(self):
        self.assertTrue(self.client.ping())
        self.assertEqual(self.client.version()["Os"], "linux")
        self.assertEqual(self.client.info()["OSType"], "linux")
        self.assertIn("LayersSize", self.client.df())

    def test_events_are_told_as_they_happen(self):
        events = self.client.events(decode=True, filters={"type": "container", "event": ["create", "start", "die", "destroy"]})
        container = self.up("true", name="seen")
        container.wait()
        container.remove()
        seen = []
        for event in events:
            seen.append(event["Action"])
            self.assertEqual(event["Actor"]["Attributes"]["name"], "seen")
            if event["Action"] == "destroy":
                break
        events.close()
        self.assertEqual(sorted(seen), ["create", "destroy", "die", "start"])

    def test_past_events_end_by_themselves(self):
        self.client.volumes.create("past")
        past = list(self.client.events(decode=True, since=int(time.time()) - 60, until=int(time.time()) + 1, filters={"volume": "past"}))
        self.assertEqual([event["Action"] for event in past], ["create"])


class Images(Session):
    def test_pulled_images_are_listed_and_looked_into(self):
        image = self.client.images.pull("alpine", tag="latest")
        self.assertIn("alpine:latest", image.tags)
        self.assertIn(image.id, [listed.id for listed in self.client.images.list()])
        self.assertTrue(image.history())
        self.assertEqual(image.attrs["Os"], "linux")

    def test_pulling_tells_its_progress(self):
        lines = list(self.client.api.pull("busybox", tag="latest", stream=True, decode=True))
        self.assertTrue(any("Status: Image is up to date" in line.get("status", "") for line in lines), lines)

    def test_a_tag_comes_and_goes(self):
        image = self.client.images.get(IMAGE)
        self.assertTrue(image.tag("box", "one"))
        self.assertIn("box:one", self.client.images.get("box:one").tags)
        self.client.images.remove("box:one")
        with self.assertRaises(errors.ImageNotFound):
            self.client.images.get("box:one")

    def test_an_image_is_built_from_a_dockerfile(self):
        image, log = self.client.images.build(fileobj=io.BytesIO(b"FROM busybox\nRUN echo soup > /dish\nCMD cat /dish\n"), tag="dish", rm=True)
        self.assertIn("dish:latest", image.tags)
        self.assertTrue(any("Step 1/3" in line.get("stream", "") for line in log))
        self.assertEqual(self.client.containers.run("dish", remove=True), b"soup\n")
        self.client.images.remove("dish")

    def test_a_failed_build_says_why(self):
        with self.assertRaises(errors.BuildError) as failed:
            self.client.images.build(fileobj=io.BytesIO(b"FROM busybox\nRUN exit 3\n"), rm=True)
        self.assertIn("returned a non-zero code: 3", failed.exception.msg)

    def test_an_image_is_pushed_and_comes_back(self):
        self.client.images.get(IMAGE).tag("registry.lunchbox/box", "mine")
        lines = list(self.client.images.push("registry.lunchbox/box", tag="mine", stream=True, decode=True))
        self.assertFalse([line for line in lines if "error" in line], lines)
        self.client.images.remove("registry.lunchbox/box:mine")
        self.assertIn("registry.lunchbox/box:mine", self.client.images.pull("registry.lunchbox/box", tag="mine").tags)
        self.client.images.remove("registry.lunchbox/box:mine")

    def test_an_image_is_saved_and_loaded(self):
        saved = b"".join(self.client.images.get(IMAGE).save(named=True))
        loaded = self.client.images.load(saved)
        self.assertIn(IMAGE, loaded[0].tags)

    def test_a_container_is_committed(self):
        container = self.up("sh", "-c", "echo soup > /dish")
        container.wait()
        image = container.commit("cooked", tag="now", changes='CMD ["cat", "/dish"]')
        self.assertEqual(self.client.containers.run(image.id, remove=True), b"soup\n")
        self.client.images.remove("cooked:now", force=True)

    def test_a_container_is_committed_with_another_configuration(self):
        container = self.up("true")
        container.wait()
        image = container.commit("cooked", tag="other", conf={"Cmd": ["echo", "soup"]})
        self.assertEqual(image.attrs["Config"]["Cmd"], ["echo", "soup"])
        self.client.images.remove("cooked:other", force=True)

    def test_unused_images_are_pruned(self):
        self.client.images.get(IMAGE).tag("unused")
        deleted = self.client.images.prune(filters={"dangling": False})["ImagesDeleted"] or []
        self.assertIn("unused:latest", [entry.get("Untagged") for entry in deleted])
        self.client.images.pull(IMAGE)


class Containers(Session):
    def test_what_a_container_prints_is_returned(self):
        self.assertEqual(self.client.containers.run(IMAGE, ["echo", "hello"], remove=True), b"hello\n")

    def test_a_failing_command_raises_with_its_exit_code(self):
        with self.assertRaises(errors.ContainerError) as failed:
            self.client.containers.run(IMAGE, ["sh", "-c", "echo no >&2; exit 7"], remove=True)
        self.assertEqual(failed.exception.exit_status, 7)
        self.assertEqual(failed.exception.stderr, b"no\n")

    def test_options_arrive(self):
        container = self.up(
            name="options",
            hostname="kitchen",
            environment={"DISH": "soup"},
            labels={"kind": "test"},
            working_dir="/tmp",
            user="1000:1000",
            mem_limit="64m",
            tmpfs={"/scratch": "size=1m"},
            ports={"80/tcp": 8080},
            restart_policy={"Name": "on-failure", "MaximumRetryCount": 2},
        )
        container.reload()
        config, host = container.attrs["Config"], container.attrs["HostConfig"]
        self.assertEqual((config["Hostname"], config["User"], config["WorkingDir"]), ("kitchen", "1000:1000", "/tmp"))
        self.assertEqual(container.labels, {**container.labels, "kind": "test"})
        self.assertEqual(host["Memory"], 64 * 1024 * 1024)
        self.assertEqual(host["RestartPolicy"], {"Name": "on-failure", "MaximumRetryCount": 2})
        self.assertEqual(container.ports["80/tcp"][0]["HostPort"], "8080")
        self.assertEqual(self.output(container, ["sh", "-c", "echo $DISH $(id -u) $(hostname)"]), b"soup 1000 kitchen\n")

    def test_a_life_from_start_to_end(self):
        container = self.up(name="life")
        self.assertEqual(container.status, "created")
        container.reload()
        self.assertEqual(container.status, "running")
        container.pause()
        container.reload()
        self.assertEqual(container.status, "paused")
        container.unpause()
        container.rename("renamed")
        container.restart(timeout=0)
        self.assertEqual(self.client.containers.get("renamed").status, "running")
        container.kill()
        self.assertEqual(container.wait()["StatusCode"], 137)
        container.remove()
        with self.assertRaises(errors.NotFound):
            self.client.containers.get("renamed")

    def test_containers_are_listed_by_filter(self):
        self.up(name="front", labels={"tier": "front"})
        self.up("true", name="back", labels={"tier": "back"}).wait()
        self.assertEqual([c.name for c in self.client.containers.list()], ["front"])
        self.assertEqual([c.name for c in self.client.containers.list(all=True, filters={"label": "tier=back"})], ["back"])
        self.assertEqual([c.name for c in self.client.containers.list(all=True, filters={"status": "exited"})], ["back"])

    def test_logs_are_read_whole_and_followed(self):
        container = self.up("sh", "-c", "for i in 1 2 3; do echo line $i; done; sleep 0.2; echo err >&2")
        container.wait()
        self.assertEqual(container.logs(stderr=False), b"line 1\nline 2\nline 3\n")
        self.assertEqual(container.logs(stdout=False), b"err\n")
        self.assertEqual(container.logs(tail=1), b"err\n")
        talking = self.up("sh", "-c", "while true; do echo tick; sleep 0.1; done")
        stream = talking.logs(stream=True, follow=True)
        self.assertEqual([next(stream) for _ in range(3)], [b"tick\n"] * 3)
        stream.close()

    def test_attach_streams_until_the_end(self):
        container = self.client.containers.create(IMAGE, ["sh", "-c", "echo one; echo two"])
        stream = container.attach(stream=True)
        container.start()
        self.assertEqual(b"".join(stream), b"one\ntwo\n")

    def test_what_is_written_into_stdin_arrives(self):
        container = self.client.containers.create(IMAGE, ["head", "-n", "1"], stdin_open=True)
        socket = container.attach_socket(params={"stdin": 1, "stream": 1})
        container.start()
        socket._sock.sendall(b"typed\n")
        container.wait()
        socket.close()
        self.assertEqual(container.logs(), b"typed\n")

    def test_exec_tells_exit_code_and_streams_apart(self):
        container = self.up()
        result = container.exec_run(["sh", "-c", "sleep 0.5; echo out; sleep 0.1; echo err >&2; exit 5"], demux=True)
        self.assertEqual((result.exit_code, result.output), (5, (b"out\n", b"err\n")))
        streamed = container.exec_run(["sh", "-c", "sleep 0.5; echo streamed"], stream=True).output
        self.assertEqual(b"".join(streamed), b"streamed\n")
        self.assertEqual(self.output(container, "pwd", workdir="/tmp"), b"/tmp\n")
        self.assertEqual(self.output(container, "tty", tty=True).strip()[:9], b"/dev/pts/")

    def test_no_output_of_a_short_command_is_lost(self):
        container = self.up()
        lost = [said for said in (container.exec_run(["echo", "x"]).output for _ in range(100)) if said != b"x\n"]
        self.assertEqual(lost, [])

    def test_files_go_in_and_out(self):
        container = self.up()
        self.assertTrue(container.put_archive("/tmp", archive({"dish": b"soup"})))
        self.assertEqual(self.output(container, ["cat", "/tmp/dish"]), b"soup")
        chunks, stat = container.get_archive("/tmp/dish")
        self.assertEqual((stat["name"], stat["size"]), ("dish", 4))
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
            self.assertEqual(tar.extractfile("dish").read(), b"soup")
        self.assertIn({"Path": "/tmp/dish", "Kind": 1}, container.diff())

    def test_a_container_is_exported(self):
        container = self.up("touch", "/made")
        container.wait()
        with tarfile.open(fileobj=io.BytesIO(b"".join(container.export()))) as tar:
            self.assertIn("made", tar.getnames())

    def test_processes_and_measures_are_told(self):
        container = self.up()
        self.assertTrue(any("sleep" in " ".join(row) for row in container.top()["Processes"]))
        once = container.stats(stream=False)
        self.assertGreater(once["memory_stats"]["usage"], 0)
        stream = container.stats(stream=True, decode=True)
        self.assertEqual([next(stream)["name"] for _ in range(2)], [f"/{container.name}"] * 2)
        stream.close()

    def test_limits_are_changed(self):
        container = self.up(mem_limit="64m")
        container.update(mem_limit="128m", memswap_limit="256m")
        container.reload()
        self.assertEqual(container.attrs["HostConfig"]["Memory"], 128 * 1024 * 1024)

    def test_stopped_containers_are_pruned(self):
        gone = self.up("true")
        gone.wait()
        stays = self.up()
        self.assertEqual(self.client.containers.prune()["ContainersDeleted"], [gone.id])
        self.assertEqual([c.id for c in self.client.containers.list(all=True)], [stays.id])


class Networks(Session):
    def test_containers_find_each_other_by_name(self):
        network = self.client.networks.create("kitchen", driver="bridge", labels={"room": "big"})
        server = self.up("sh", "-c", "mkdir /www; echo soup > /www/index.html; httpd -f -h /www", name="cook", network="kitchen")
        until(lambda: server.exec_run("wget -q -O - http://localhost").exit_code == 0, "the server's answer")
        self.assertEqual(self.client.containers.run(IMAGE, "wget -q -O - http://cook", network="kitchen", remove=True), b"soup\n")
        network.reload()
        self.assertEqual([c.name for c in network.containers], ["cook"])

    def test_a_container_joins_and_leaves(self):
        network = self.client.networks.create("kitchen")
        container = self.up(name="cook")
        network.connect(container, aliases=["chef"])
        container.reload()
        self.assertIn("kitchen", container.attrs["NetworkSettings"]["Networks"])
        with self.assertRaises(errors.APIError) as refused:
            network.remove()
        self.assertEqual(refused.exception.status_code, 403)
        network.disconnect(container)
        network.remove()
        with self.assertRaises(errors.NotFound):
            self.client.networks.get("kitchen")

    def test_networks_are_listed_and_pruned(self):
        self.client.networks.create("unused")
        names = [network.name for network in self.client.networks.list()]
        self.assertEqual(sorted(names), ["bridge", "host", "none", "unused"])
        self.assertEqual(self.client.networks.prune()["NetworksDeleted"], ["unused"])


class Volumes(Session):
    def test_a_volume_keeps_what_was_written(self):
        volume = self.client.volumes.create("larder", labels={"kind": "food"})
        self.client.containers.run(IMAGE, ["sh", "-c", "echo bread > /data/file"], volumes={"larder": {"bind": "/data", "mode": "rw"}}, remove=True)
        kept = self.client.containers.run(IMAGE, ["cat", "/data/file"], volumes={"larder": {"bind": "/data", "mode": "ro"}}, remove=True)
        self.assertEqual(kept, b"bread\n")
        self.assertEqual(volume.attrs["Labels"], {"kind": "food"})
        self.assertEqual([v.name for v in self.client.volumes.list(filters={"label": "kind=food"})], ["larder"])

    def test_a_volume_in_use_stays(self):
        volume = self.client.volumes.create("larder")
        self.up(volumes=["larder:/data"])
        with self.assertRaises(errors.APIError) as refused:
            volume.remove()
        self.assertEqual(refused.exception.status_code, 409)

    def test_mounts_are_told(self):
        self.client.volumes.create("larder")
        mounts = [docker.types.Mount("/data", "larder", type="volume"), docker.types.Mount("/t", None, type="tmpfs", tmpfs_size=1024 * 1024)]
        container = self.up(mounts=mounts)
        container.reload()
        self.assertEqual(sorted((m["Type"], m["Destination"]) for m in container.attrs["Mounts"]), [("tmpfs", "/t"), ("volume", "/data")])

    def test_unused_volumes_are_pruned(self):
        self.client.volumes.create("unused")
        self.assertEqual(self.client.volumes.prune(filters={"all": True})["VolumesDeleted"], ["unused"])


class Mistakes(Session):
    def test_what_is_not_there_is_not_found(self):
        with self.assertRaises(errors.ImageNotFound):
            self.client.images.get("nosuch")
        with self.assertRaises(errors.NotFound):
            self.client.containers.get("nosuch")
        with self.assertRaises(errors.NotFound):
            self.client.networks.get("nosuch")
        with self.assertRaises(errors.NotFound):
            self.client.volumes.get("nosuch")

    def test_an_image_that_is_nowhere_is_not_found(self):
        with self.assertRaises(errors.ImageNotFound):
            self.client.images.pull("nosuch", tag="latest")
        with self.assertRaises(errors.ImageNotFound):
            self.client.containers.run("nosuch", "true")

    def test_a_taken_name_is_a_conflict(self):
        self.up(name="taken")
        with self.assertRaises(errors.APIError) as refused:
            self.up(name="taken")
        self.assertEqual(refused.exception.status_code, 409)
        self.assertTrue(refused.exception.is_client_error())

    def test_a_command_that_is_not_there_is_a_client_error(self):
        with self.assertRaises(errors.APIError) as refused:
            self.client.containers.run(IMAGE, "nosuch")
        self.assertIn("executable file not found", refused.exception.explanation)

    def test_a_running_container_is_not_removed(self):
        container = self.up()
        with self.assertRaises(errors.APIError) as refused:
            container.remove()
        self.assertEqual(refused.exception.status_code, 409)

    def test_what_a_classroom_has_not_is_forbidden_with_a_sentence(self):
        with self.assertRaises(errors.APIError) as refused:
            self.up(privileged=True)
        self.assertEqual(refused.exception.status_code, 403)
        self.assertIn("lunchbox:", refused.exception.explanation)


if __name__ == "__main__":
    unittest.main(verbosity=2)
