// Package bridge runs an http.Handler behind API Gateway's HTTP API, payload format 2.0, and answers its authorizer.
package bridge
