import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder of Go files, by their paths. */
export function goTree(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'go-tree-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** A little runc: as much of it as the rules look at. */
export const littleRunc: Readonly<Record<string, string>> = {
  'go.mod': 'module github.com/opencontainers/runc\n\ngo 1.24\n',
  'libcontainer/criu_linux.go': `package libcontainer

import "os/exec"

type Container struct{ id string }

type request struct{}

func (request) GetType() request { return request{} }
func (request) String() string   { return "DUMP" }

// Checkpoint writes the container down. It takes
// a while.
func (c *Container) Checkpoint(path string) (err error) {
	if err := c.checkVersion(); err != nil {
		return err
	}
	return c.criuSwrk(request{})
}

func (c *Container) checkVersion() error { return nil }

func (c *Container) criuSwrk(
	req request,
) error {
	return exec.Command("criu", "swrk", "3").Run()
}
`,
  'libcontainer/criu_disabled_linux.go': `//go:build runc_nocriu

package libcontainer

func (c *Container) Checkpoint(path string) error { return nil }
`,
  'checkpoint.go': `package main

import "github.com/opencontainers/runc/libcontainer"

type command struct{ Action func(id string) error }

var checkpointCommand = command{
	Action: func(id string) error {
		container, err := getContainer(id)
		if err != nil {
			return err
		}
		return container.Checkpoint(id)
	},
}

func getContainer(id string) (*libcontainer.Container, error) { return &libcontainer.Container{}, nil }

func main() { _ = checkpointCommand.Action("x") }
`,
};
