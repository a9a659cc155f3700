// The interop suite of github.com/philippseith/signalr:
//
//	interop-go [--transport websockets|server-sent-events] [--server aspnetcore31] HUB_URL
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

func main() {
	transportName := flag.String("transport", "websockets", "websockets or server-sent-events")
	server := flag.String("server", "this", "aspnetcore31 leaves out what that server does not have")
	flag.Parse()
	transport, known := transports[*transportName]
	if !known {
		fmt.Fprintf(os.Stderr, "unknown transport '%s': use websockets or server-sent-events\n", *transportName)
		os.Exit(2)
	}
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "give the URL of the hub, e.g. http://127.0.0.1:5000/hub")
		os.Exit(2)
	}
	os.Exit(runSuite("go-"+*transportName, checks, hub{url: flag.Arg(0), transport: transport}, *server))
}
