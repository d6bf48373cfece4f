// Package issuer is the sign-in of the local stack: it signs JWTs with its own keys and publishes the keys as an OpenID
// Connect issuer does. On AWS, Cognito is used instead.
package issuer
