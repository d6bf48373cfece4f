package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// errRefusedAddress is in the chain of every error of a call that the guard has refused.
var errRefusedAddress = errors.New("the address is not allowed")

// refusedRanges are not part of the public internet although the standard library's Is… functions do not cover them.
// Sources: the IANA special-purpose address registries for IPv4 and IPv6.
var refusedRanges = prefixes(
	"0.0.0.0/8",         // this network
	"100.64.0.0/10",     // carrier-grade NAT; also metadata services of some clouds
	"168.63.129.16/32",  // a cloud's platform address that looks public
	"192.0.0.0/24",      // IETF protocol assignments
	"192.0.2.0/24",      // documentation
	"192.88.99.0/24",    // 6to4 relays
	"198.18.0.0/15",     // benchmarking
	"198.51.100.0/24",   // documentation
	"203.0.113.0/24",    // documentation
	"240.0.0.0/4",       // reserved, broadcast
	"2001::/23",         // IETF protocol assignments: Teredo, ORCHID, benchmarking
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4: carries an IPv4 address
	"3fff::/20",         // documentation
	"2620:4f:8000::/48", // AS112
)

// globalUnicast is the only part of IPv6 that is handed out: everything else (unique local, site local, NAT64
// 64:ff9b::/96 and 64:ff9b:1::/48, IPv4-compatible, discard, segment routing) is refused with it.
var globalUnicast = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// public reports whether the address belongs to the public internet.
func public(address netip.Addr) bool {
	if !address.IsValid() || address.Zone() != "" {
		return false
	}
	address = address.Unmap()
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	if address.Is6() && !globalUnicast.Contains(address) {
		return false
	}
	for _, refused := range refusedRanges {
		if refused.Contains(address) {
			return false
		}
	}
	return true
}

// allowed reports whether a connection may go to the address; plain is a connection without TLS.
func allowed(address netip.Addr, loopback, plain bool) bool {
	if address.Unmap().IsLoopback() && address.Zone() == "" {
		return loopback
	}
	return !plain && public(address)
}

// control is a net.Dialer.Control: it sees the resolved address just before the connection is made.
func control(loopback, plain bool) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return fmt.Errorf("%w: network", errRefusedAddress)
		}
		target, err := netip.ParseAddrPort(address)
		if err != nil || !allowed(target.Addr(), loopback, plain) {
			return errRefusedAddress
		}
		return nil
	}
}
