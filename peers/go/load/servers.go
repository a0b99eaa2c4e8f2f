package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// server is a process that is measured.
type server struct {
	name    string
	address string
	command *exec.Cmd
}

// start starts all of them. Call stop in any case.
func start(tdc, python string) (servers []*server, stop func(), err error) {
	stop = func() {
		for _, s := range servers {
			s.stop()
		}
	}
	ours, err := startTdc(tdc, 64)
	if err != nil {
		return servers, stop, err
	}
	servers = append(servers, ours)
	self, err := os.Executable()
	if err != nil {
		return servers, stop, err
	}
	peers := map[string][]string{"go-handler": {self, "handler"}}
	if python != "" {
		peers["python-server"] = strings.Fields(python)
	}
	for _, name := range []string{"go-handler", "python-server"} {
		if words, ok := peers[name]; ok {
			address, err := free()
			if err != nil {
				return servers, stop, err
			}
			s, err := spawn(name, address, append(words, address)...)
			if err != nil {
				return servers, stop, err
			}
			servers = append(servers, s)
		}
	}
	return servers, stop, nil
}

func startTdc(binary string, concurrency int) (*server, error) {
	folder, err := os.MkdirTemp("", "tdc-load")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) // it is read once, at the start
	file := filepath.Join(folder, "tdc.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, concurrency), 0o600); err != nil {
		return nil, err
	}
	address, err := free()
	if err != nil {
		return nil, err
	}
	return spawn("tdc", address, binary, "serve", "--config", file, "--listen", address)
}

// spawn starts a server and waits until it listens.
func spawn(name, address string, words ...string) (*server, error) {
	s := &server{name, address, exec.Command(words[0], words[1:]...)}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			return s, c.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("%s does not listen", name)
}

func (s *server) stop() {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
}

// cpu is what the process has used so far.
func (s *server) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may contain anything; the fields after it do not.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	ticks := 0
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// peak is the most memory that the process has had, in MiB.
func (s *server) peak() float64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kib, _ := strconv.ParseFloat(fields[1], 64)
			return kib / 1024
		}
	}
	return 0
}

// free is a loopback address without a listener.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
