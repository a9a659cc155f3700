// The interop suite of github.com/philippseith/signalr:
//
//	interop-go [--transport websockets|server-sent-events] [--protocol json|messagepack] [--server aspnetcore31] HUB_URL
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/philippseith/signalr"
)

var transports = map[string]signalr.TransportType{
	"websockets":         signalr.TransportWebSockets,
	"server-sent-events": signalr.TransportServerSentEvents,
}

// The client names its protocols by their transfer format.
var protocols = map[string]signalr.TransferFormatType{
	"json":        signalr.TransferFormatText,
	"messagepack": signalr.TransferFormatBinary,
}

func main() {
	transportName := flag.String("transport", "websockets", "websockets or server-sent-events")
	protocolName := flag.String("protocol", "json", "json or messagepack")
	server := flag.String("server", "this", "aspnetcore31 leaves out what that server does not have")
	flag.Parse()
	transport := pick(transports, "transport", *transportName)
	protocol := pick(protocols, "protocol", *protocolName)
	if flag.NArg() != 1 {
		fail("give the URL of the hub, e.g. http://127.0.0.1:5000/hub")
	}
	suite := "go-" + *transportName
	if *protocolName == "messagepack" {
		suite += "-messagepack"
	}
	os.Exit(runSuite(suite, checks, hub{url: flag.Arg(0), transport: transport, protocol: protocol}, *server))
}

// pick gives the value of that name, or ends the program.
func pick[T any](table map[string]T, what string, name string) T {
	value, known := table[name]
	if !known {
		fail(fmt.Sprintf("unknown %s '%s'", what, name))
	}
	return value
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(2)
}
