// What a learner finds out about the lesson's questions, by step and question: from their own host
// where the answer depends on it; for a choice, the option's text.
import type { Terminal } from "./terminal.ts";

type Find = (terminal: Terminal) => string | Promise<string>;

/** What a command prints, as a learner reads it off. */
const printed =
  (command: string): Find =>
  (terminal) =>
    terminal.run(command);

const LAYERS_IN_COMMON =
  "comm -12 <(docker inspect -f '{{range .RootFS.Layers}}{{println .}}{{end}}' soup | grep . | sort) " +
  "<(docker inspect -f '{{range .RootFS.Layers}}{{println .}}{{end}}' alpine | grep . | sort) | wc -l";
const TIMES_AS_LARGE = "echo $(( $(docker inspect -f '{{.Size}}' ubuntu) / $(docker inspect -f '{{.Size}}' alpine) ))";

const ANSWERS: Record<string, Find> = {
  "what-an-image-is/id": printed("docker images -q python"),
  "what-an-image-is/environment": printed("docker run --rm python sh -c 'echo $PYTHON_VERSION'"),
  "layers/shared": printed(LAYERS_IN_COMMON),
  "layers/order": () => "It takes the layers before that line from the cache",
  "union-file-system/deleted": () => "D",
  "union-file-system/where": () => "In the container's own writable layer",
  "registries/default-registry": () => "Docker Hub",
  "registries/default-tag": () => "latest",
  "registries/repository": () => "The namespace",
  "inspect-an-image/port": () => "80",
  "inspect-an-image/layers": printed("docker inspect -f '{{len .RootFS.Layers}}' nginx"),
  "compare-sizes/smallest": () => "alpine",
  "compare-sizes/redis-size": printed("docker images --format '{{.Size}}' redis"),
  "run-each/stays": () => "redis",
  "run-each/command": () => "/bin/sh",
  "why-alpine-is-light/program": () => "busybox",
  "why-alpine-is-light/ratio": printed(TIMES_AS_LARGE),
  "things-to-remember/blueprint": () => "One",
  "things-to-remember/writable": () => "Gone, with the container's writable layer",
  "things-to-remember/layers": () => "One copy for all of them",
  "things-to-remember/new-image": () => "It stays as it is; the name moves to a new image",
  "things-to-remember/push": () => "registry.lunchbox/hello:1",
};

export async function findAnswer(step: string, question: string, terminal: Terminal): Promise<string> {
  const find = ANSWERS[`${step}/${question}`];
  if (!find) throw new Error(`No test knows the answer to "${question}" of the step "${step}": add it to support/answers.ts.`);
  return find(terminal);
}
