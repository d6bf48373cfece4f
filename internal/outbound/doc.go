// Package outbound makes the HTTP clients that call addresses which others have chosen: webhook receivers and vendors.
//
// Such an address must not reach into our own network. The guard looks at the IP address that is really dialled, after
// name resolution, so that a name which resolves to a private address, or to another one a moment later, does not pass.
// Plain http is for loopback only, and only when it is allowed; redirects are not followed; no proxy is used.
package outbound
