// Prints the time and, unless it has an argument, what two waits of 20 seconds took by the clock.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	start := time.Now()
	fmt.Println(start.Unix())
	if len(os.Args) > 1 {
		return
	}
	time.Sleep(20 * time.Second)
	fmt.Println(int(time.Since(start).Seconds()) / 20)
	<-time.NewTimer(20 * time.Second).C
	fmt.Println(int(time.Since(start).Seconds()) / 20)
}
