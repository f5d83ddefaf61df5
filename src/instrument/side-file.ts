import { sourceEventsFile } from '../evidence/records.ts';
import { sideFileHead } from './span-marks.ts';

/**
 * The file beside the functions of a package: standard library only, so no import is added to a file of theirs (import comments, vendor
 * folders and go.mod stay as they are). Its imports have names of their own, as a package may have an `os` itself. One line a span, written in
 * one write to a file opened for appending: lines of several processes do not mix (POSIX write, O_APPEND).
 */
export function sideFile(packageName: string): string {
  return `${sideFileHead}

package ${packageName}

import (
	transshipOs "os"
	transshipPath "path/filepath"
	transshipRuntime "runtime"
	transshipConv "strconv"
	transshipSync "sync"
	transshipTime "time"
)

var (
	transshipOnce transshipSync.Once
	transshipFile *transshipOs.File
	transshipTail []byte
)

func transshipOpen() {
	path, isSet := transshipOs.LookupEnv("TRANSSHIP_SOURCE_EVENTS")
	if !isSet {
		path = "${sourceEventsFile}"
	}
	if path == "" {
		return
	}
	file, err := transshipOs.OpenFile(path, transshipOs.O_WRONLY|transshipOs.O_APPEND, 0)
	if err != nil {
		return
	}
	program, _ := transshipOs.Executable()
	tail := append([]byte(\`,"program":\`), transshipQuote(nil, transshipPath.Base(program))...)
	tail = append(tail, \`,"pid":\`...)
	tail = transshipConv.AppendInt(tail, int64(transshipOs.Getpid()), 10)
	tail = append(tail, \`,"ppid":\`...)
	tail = transshipConv.AppendInt(tail, int64(transshipOs.Getppid()), 10)
	transshipTail = append(tail, '}', '\\n')
	transshipFile = file
}

func transshipNothing(...*error) {}

// transshipSpan begins a span; what it returns ends it. Pairs are attributes: name, value.
func transshipSpan(name, code string, pairs ...string) func(...*error) {
	transshipOnce.Do(transshipOpen)
	if transshipFile == nil {
		return transshipNothing
	}
	goroutine := transshipGoroutine()
	begin := transshipTime.Now()
	return func(failed ...*error) {
		start := begin.UnixNano()
		line := make([]byte, 0, 512)
		line = append(line, \`{"name":\`...)
		line = transshipQuote(line, name)
		line = append(line, \`,"code":\`...)
		line = transshipQuote(line, code)
		line = append(line, \`,"startNs":"\`...)
		line = transshipConv.AppendInt(line, start, 10)
		line = append(line, \`","endNs":"\`...)
		line = transshipConv.AppendInt(line, start+int64(transshipTime.Since(begin)), 10)
		line = append(line, \`","goroutine":\`...)
		line = transshipConv.AppendInt(line, goroutine, 10)
		line = append(line, \`,"attributes":{\`...)
		for i := 0; i+1 < len(pairs); i += 2 {
			if i > 0 {
				line = append(line, ',')
			}
			line = transshipQuote(line, pairs[i])
			line = append(line, ':')
			line = transshipQuote(line, pairs[i+1])
		}
		line = append(line, '}')
		for _, err := range failed {
			if *err != nil {
				line = append(line, \`,"error":\`...)
				line = transshipQuote(line, (*err).Error())
			}
		}
		_, _ = transshipFile.Write(append(line, transshipTail...))
	}
}

// transshipGoroutine reads the number that the runtime prints at the head of a stack; there is no other way to it.
func transshipGoroutine() int64 {
	var head [40]byte
	n := transshipRuntime.Stack(head[:], false)
	var id int64
	for i := len("goroutine "); i < n && head[i] >= '0' && head[i] <= '9'; i++ {
		id = id*10 + int64(head[i]-'0')
	}
	return id
}

func transshipQuote(line []byte, text string) []byte {
	const digits = "0123456789abcdef"
	if len(text) > 1024 {
		text = text[:1024]
	}
	line = append(line, '"')
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c < 0x20 || c == '"' || c == '\\\\' {
			line = append(line, '\\\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		} else {
			line = append(line, c)
		}
	}
	return append(line, '"')
}
`;
}
