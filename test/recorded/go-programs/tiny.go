package main

import "os"

type engine struct{ turns int }

// several returns; a switch of many cases, which the compiler makes a table of jumps; a deferred function
//
//go:noinline
func (e *engine) notify(what string) (err error) {
	defer e.count()
	switch what {
	case "pre-dump", "post-dump", "pre-restore", "post-restore":
		return nil
	case "network-lock":
		return os.ErrExist
	case "network-unlock":
		return os.ErrInvalid
	case "setup-namespaces":
		e.turns += 2
		return os.ErrClosed
	case "post-resume":
		e.turns *= 3
		return nil
	case "pre-resume":
		return os.ErrPermission
	}
	return os.ErrNotExist
}

//go:noinline
func (e *engine) count() { e.turns++ }

// a frame so large that the check of the stack is a longer one
//
//go:noinline
func large(n int) byte {
	var room [1 << 16]byte
	for i := range room {
		room[i] = byte(i * n)
	}
	return room[n]
}

// so small that nothing is checked
//
//go:noinline
func small(n int) int { return n + 1 }

//go:noinline
func never() {
	for {
		small(1)
	}
}

func main() {
	e := &engine{}
	for _, word := range os.Args[1:] {
		if e.notify(word) != nil {
			println(word, large(small(len(word))))
		}
	}
	if e.turns < 0 {
		never()
	}
}
