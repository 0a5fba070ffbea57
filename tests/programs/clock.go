// Prints the time, and what two waits of 20 seconds took by the clock.
package main

import (
	"fmt"
	"time"
)

func main() {
	start := time.Now()
	fmt.Println(start.Unix())
	time.Sleep(20 * time.Second)
	fmt.Println(int(time.Since(start).Seconds()) / 20)
	<-time.NewTimer(20 * time.Second).C
	fmt.Println(int(time.Since(start).Seconds()) / 20)
}
