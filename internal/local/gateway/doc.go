// Package gateway is the HTTP API on one machine: it turns requests into API Gateway's payload format 2.0, asks the
// authorizer, invokes the route's function and writes its answer, with API Gateway's own limits (10 MB a request,
// 6 MB to and from a function, 30 seconds). Handlers see exactly what they see on AWS.
package gateway
