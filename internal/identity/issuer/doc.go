// Package issuer signs the JWTs of a machine's own sign-in with keys of its own, and publishes these as an OpenID
// Connect issuer does. On AWS, Cognito stands in its place.
package issuer
