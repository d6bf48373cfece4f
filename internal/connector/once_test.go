package connector

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"ballerine/internal/problem"
)

// breaking is a vendor that answers the first request of a connection, and breaks the connection after having read the next one.
func breaking(t *testing.T) (address string, requests *atomic.Int32) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	requests = &atomic.Int32{}
	serve := func(c net.Conn) {
		defer func() { _ = c.Close() }()
		in := bufio.NewReader(c)
		for n := range 2 {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			requests.Add(1)
			if n == 0 {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"ok\":true}")
			}
		}
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return "http://" + listener.Addr().String(), requests
}

func TestARequestIsSentOnceInAnAttempt(t *testing.T) {
	for name, request := range map[string]string{
		"with a body": "{method: POST, url: '{vendor.base}/x', body: {a: b}}", "a question": "{method: GET, url: '{vendor.base}/x'}", "without a body": "{method: POST, url: '{vendor.base}/x'}",
	} {
		t.Run(name, func(t *testing.T) {
			address, requests := breaking(t)
			client := newTarget(t).client()
			client.Settings["base"] = address
			plugin, found := ParsePlugin("check.yaml", []byte("id: check\ntitle: Check\nrequest: "+request+"\nresponse: {result: {ok: '{body.ok}'}}\n"))
			if plugin == nil {
				t.Fatal(found)
			}
			for n := range 6 {
				outcome, err := client.Do(t.Context(), plugin, call)
				if int(requests.Load()) != n+1 {
					t.Fatalf("%d requests in %d attempts", requests.Load(), n+1)
				}
				if n%2 == 0 && err != nil || n%2 == 1 && problem.CodeOf(err) != problem.VendorUnavailable {
					t.Errorf("attempt %d: %v", n+1, err)
				}
				if n%2 == 1 && (outcome.Trace.Request == "" || strings.Contains(err.Error(), address)) {
					t.Errorf("attempt %d: %+v %v", n+1, outcome.Trace, err)
				}
			}
		})
	}
}
