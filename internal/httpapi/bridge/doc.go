// Package bridge runs an http.Handler behind the HTTP API of API Gateway (payload format 2.0) and implements its authorizer.
package bridge
