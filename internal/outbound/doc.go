// Package outbound creates the HTTP clients for addresses that others choose: webhook receivers and vendors.
//
// Such an address must not reach the internal network. The guard checks the IP address that is dialled, after name
// resolution, so that a name that resolves to a private address is blocked, even if it resolved to a public one before.
// Plain HTTP is permitted for loopback only, and only when it is enabled; redirects are not followed; no proxy is used.
package outbound
