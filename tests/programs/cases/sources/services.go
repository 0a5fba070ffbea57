// Goroutines, children, signals, timers and sockets. The Go runtime preempts its threads by SIGURG,
// so that signals arrive in the middle of everything.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// Hot loops beside calls, more of them than threads may run.
func goroutines() {
	var group sync.WaitGroup
	var sum int64
	for i := 0; i < 200; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			x := uint32(i)
			for n := 0; n < 200000; n++ {
				x = x*1664525 + 1013904223
			}
			data, err := os.ReadFile("/proc/self/comm")
			check(err, "comm")
			atomic.AddInt64(&sum, int64(x>>16)+int64(len(data)))
		}(i)
	}
	group.Wait()
	fmt.Println("goroutines:", sum)
}

func children() {
	var group sync.WaitGroup
	results := make([]string, 40)
	for i := range results {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			command := exec.Command("/bin/sh", "-c", fmt.Sprintf("read x; echo $x; exit %d", i%5))
			command.Stdin = bytes.NewBufferString(fmt.Sprintf("line %d\n", i))
			output, err := command.Output()
			results[i] = fmt.Sprintf("%q %v", output, err)
		}(i)
	}
	group.Wait()
	for i, result := range results {
		fmt.Println("child:", i, result)
	}
	_, err := exec.Command("/nowhere/program").Output()
	fmt.Println("missing:", err)
}

func signals() {
	channel := make(chan os.Signal, 1)
	signal.Notify(channel, syscall.SIGUSR1, syscall.SIGTERM)
	for i := 0; i < 100; i++ {
		check(syscall.Kill(os.Getpid(), syscall.SIGUSR1), "kill")
		<-channel
	}
	fmt.Println("signals: 100")
	// From a child, to this process.
	check(exec.Command("/bin/sh", "-c", "kill -TERM $PPID").Run(), "kill from a child")
	fmt.Println("signal:", <-channel)
	signal.Stop(channel)
}

func timers() {
	ticker := time.NewTicker(time.Millisecond)
	for i := 0; i < 20; i++ {
		<-ticker.C
	}
	ticker.Stop()
	fired := make(chan int, 50)
	for i := 0; i < 50; i++ {
		i := i
		time.AfterFunc(time.Duration(i%7)*time.Millisecond, func() { fired <- i })
	}
	sum := 0
	for i := 0; i < 50; i++ {
		sum += <-fired
	}
	fmt.Println("timers:", sum)
	limited, cancel := context.WithCancel(context.Background())
	defer cancel()
	command := exec.CommandContext(limited, "/bin/sh", "-c", "echo up; exec sleep 1000")
	output, err := command.StdoutPipe()
	check(err, "pipe")
	check(command.Start(), "start")
	_, err = bufio.NewReader(output).ReadString('\n')
	check(err, "read")
	time.AfterFunc(20*time.Millisecond, cancel)
	err = command.Wait()
	fmt.Println("context:", err, limited.Err())
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		fmt.Println("killed:", status.Signaled(), status.Signal())
	}
}

func sockets() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err, "listen")
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				lines := bufio.NewScanner(connection)
				for lines.Scan() {
					fmt.Fprintf(connection, "<%s>\n", lines.Text())
				}
			}()
		}
	}()
	var group sync.WaitGroup
	var bytesRead int64
	for i := 0; i < 20; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			connection, err := net.Dial("tcp", listener.Addr().String())
			check(err, "dial")
			defer connection.Close()
			reader := bufio.NewReader(connection)
			for n := 0; n < 20; n++ {
				fmt.Fprintf(connection, "%d %d\n", i, n)
				line, err := reader.ReadString('\n')
				check(err, "read")
				atomic.AddInt64(&bytesRead, int64(len(line)))
			}
		}(i)
	}
	group.Wait()
	listener.Close()
	fmt.Println("sockets:", bytesRead)
}

func main() {
	runtime.GOMAXPROCS(4)
	goroutines()
	children()
	signals()
	timers()
	sockets()
	// A panic's trace goes to standard error; the status is 2.
	go panic("the end")
	select {}
}
