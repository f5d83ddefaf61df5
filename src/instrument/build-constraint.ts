/** What the daemons are built with on Linux (debian/rules): a file whose constraint needs more is of another build. */
const setTags = new Set(['linux', 'unix', 'cgo', 'gc', 'seccomp', 'apparmor', 'journald', 'amd64']);
const otherSystems =
  /_(windows|freebsd|darwin|openbsd|netbsd|solaris|illumos|dragonfly|plan9|js|wasip1|aix|android|ios)(_\w+)?\.go$/;
const otherMachines = /_(386|arm|arm64|ppc64|ppc64le|mips\w*|riscv64|s390x|loong64|wasm)\.go$/;

/** Whether a Go file takes part in the build that is looked at: by its name and its `//go:build` line. */
export function isBuilt(name: string, text: string): boolean {
  if (name.endsWith('_test.go') || otherSystems.test(name) || otherMachines.test(name)) return false;
  const head = text.slice(0, text.search(/^package\s/m) + 1);
  const constraint = /^\/\/go:build (.+)$/m.exec(head)?.[1];
  return constraint === undefined || isMet(constraint);
}

/** Precedence as in Go: `!`, `&&`, `||`, parentheses (https://pkg.go.dev/go/build/constraint). */
function isMet(constraint: string): boolean {
  const tokens = constraint.match(/\|\||&&|[!()]|[\w.]+/g) ?? [];
  let at = 0;
  const either = (): boolean => {
    let value = both();
    while (tokens[at] === '||') {
      at += 1;
      value = both() || value;
    }
    return value;
  };
  const both = (): boolean => {
    let value = not();
    while (tokens[at] === '&&') {
      at += 1;
      value = not() && value;
    }
    return value;
  };
  const not = (): boolean => {
    const token = tokens[at] ?? '';
    at += 1;
    if (token === '!') return !not();
    if (token !== '(') return setTags.has(token) || /^go1\.\d+$/.test(token);
    const value = either();
    at += 1;
    return value;
  };
  return either();
}
