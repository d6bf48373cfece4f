// Package gateway is the HTTP API on one machine. It converts requests to API Gateway's payload format 2.0, calls the
// authorizer, invokes the function of the route and writes its response. It has the limits of API Gateway's HTTP APIs (10 MB a
// request, 10,240 bytes of request line and header values, 6 MB to and from a function, 30 seconds), matches routes as they do,
// treats headers as they do, and returns their own error responses word for word: {"message": "Too Many Requests"}.
package gateway
