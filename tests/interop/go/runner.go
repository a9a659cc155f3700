package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/philippseith/signalr"
)

// Nothing waits longer than this for one event, and no check takes longer than that.
const (
	waitTime  = 10 * time.Second
	checkTime = 30 * time.Second
)

// check is one line of ../checks.txt: either what it does, or why the client cannot do it.
type check struct {
	name                  string
	run                   func(*fixture)
	cannot                string
	cannotWithMessagePack string
	cannotOverEvents      string
	notOn                 []string
}

// reasonAgainst gives why the client cannot do the check when it talks to this hub, or nothing.
func (c check) reasonAgainst(hub hub) string {
	switch {
	case c.cannot != "":
		return c.cannot
	case hub.protocol == signalr.TransferFormatBinary:
		return c.cannotWithMessagePack
	case hub.transport == signalr.TransportServerSentEvents:
		return c.cannotOverEvents
	}
	return ""
}

// failure is what a check panics with, so that a check reads as a list of statements.
type failure string

func failf(format string, values ...any) {
	panic(failure(fmt.Sprintf(format, values...)))
}

// within gives the next value of the channel, or fails with what was waited for. ok is false when the channel was closed.
func within[T any](what string, channel <-chan T) (value T, ok bool) {
	select {
	case value, ok = <-channel:
		return value, ok
	case <-time.After(waitTime):
		failf("waited %v for %s", waitTime, what)
		return
	}
}

// runSuite runs the checks one after another, prints a line for each and gives the exit code.
func runSuite(suite string, checks []check, hub hub, server string) int {
	exitCode := 0
	for _, check := range checks {
		name := suite + "/" + check.name
		if cannot := check.reasonAgainst(hub); cannot != "" {
			fmt.Printf("CANNOT %s: %s\n", name, cannot)
		} else if slices.Contains(check.notOn, server) {
			fmt.Printf("OMIT %s: %s has no such thing\n", name, server)
		} else if reason := runInTime(check, hub); reason == "" {
			fmt.Printf("PASS %s\n", name)
		} else {
			exitCode = 1
			fmt.Printf("FAIL %s: %s\n", name, strings.ReplaceAll(reason, "\n", " "))
		}
	}
	return exitCode
}

// runInTime gives the reason why the check failed, or nothing.
func runInTime(check check, hub hub) string {
	ended := make(chan string, 1)
	go func() {
		fixture := &fixture{hub: hub}
		defer func() {
			switch problem := recover().(type) {
			case nil:
				ended <- ""
			case failure:
				ended <- string(problem)
			default:
				ended <- fmt.Sprintf("panic: %v", problem)
			}
		}()
		defer fixture.stopAll()
		check.run(fixture)
	}()
	select {
	case reason := <-ended:
		return reason
	case <-time.After(checkTime):
		return "the check did not end in time"
	}
}
