"""The same short session with each docker command line that is there, old and new. Run by
server/setup/clients.sh, with DOCKER_HOST set and the programs in DOCKER_CLIS, separated by colons."""

import os
import subprocess
import unittest

SESSION = [
    # What is typed, what it must print (a part of it), and how it ends.
    ("version --format {{.Client.Version}}/{{.Server.Version}}", "/", 0),
    ("pull busybox", "Status:", 0),
    ("images busybox --format {{.Repository}}:{{.Tag}}", "busybox:latest", 0),
    ("run --rm busybox echo hello", "hello", 0),
    ("run --detach --name smoke --publish 8080:80 busybox sleep 600", "", 0),
    ("ps --format {{.Names}}:{{.Ports}}", "smoke:0.0.0.0:8080->80/tcp", 0),
    ("exec smoke sh -c exit\\ 5", "", 5),
    ("cp smoke:/etc/passwd -", "root", 0),
    ("inspect --format {{.State.Status}} smoke", "running", 0),
    ("logs smoke", "", 0),
    ("network create kitchen", "", 0),
    ("network connect kitchen smoke", "", 0),
    ("build --tag smoked -", "Successfully tagged smoked:latest", 0),
    ("run nosuch", "Unable to find image 'nosuch:latest' locally", 125),
    ("rm --force smoke", "smoke", 0),
    ("system prune --all --force --volumes", "Total reclaimed space", 0),
]
DOCKERFILE = "FROM busybox\nRUN true\n"


class Session(unittest.TestCase):
    def session(self, program):
        environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
        for line, printed, ends in SESSION:
            words = [word.replace("\0", " ") for word in line.replace("\\ ", "\0").split(" ")]
            done = subprocess.run([program, *words], input=DOCKERFILE, capture_output=True, text=True, timeout=120, env=environment)
            said = done.stdout + done.stderr
            self.assertEqual(done.returncode, ends, f"{line}\n{said}")
            self.assertIn(printed, said, line)


def of(program):
    return lambda test: test.session(program)


for program in os.environ["DOCKER_CLIS"].split(":"):
    version = subprocess.check_output([program, "version", "--format", "{{.Client.Version}}"], text=True).strip()
    setattr(Session, f"test_docker_{version}", of(program))


if __name__ == "__main__":
    unittest.main(verbosity=2)
