package task

import (
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/connector"
)

func TestTheAccountOfAnAttemptHasEachOfItsCalls(t *testing.T) {
	plugin, found := connector.ParsePlugin("p.yaml", []byte(`id: two
title: Two
price: {amount: 0.2, currency: EUR}
steps: [{id: first, price: 0.05, request: {method: GET, url: "https://a.example/first"}}]
request: {method: GET, url: "https://a.example/second"}
`))
	if found.Failed() {
		t.Fatal(found)
	}
	first := connector.Trace{Step: "first", Request: "GET https://a.example/first", Key: "k1", Status: 200, Received: "d1", Bytes: 7, Charged: true}
	second := connector.Trace{Request: "GET https://a.example/second", Key: "k2", Status: 503}
	for _, c := range []struct {
		answered bool
		price    float64
	}{{false, 0.05}, {true, 0.25}} {
		second.Charged = c.answered
		trace := second
		trace.Calls = []connector.Trace{first, second}
		call := callOf(plugin, trace)
		if len(call.Calls) != 2 || call.Price == nil || call.Price.Amount != c.price || call.Status != 503 || call.Key != "k2" {
			t.Errorf("%+v %+v", call, call.Price)
		}
		if want := (cases.CallPart{Step: "first", Request: first.Request, Key: "k1", Status: 200, Received: "d1", Bytes: 7, Price: 0.05}); call.Calls[0] != want {
			t.Errorf("%+v", call.Calls[0])
		}
	}
}
