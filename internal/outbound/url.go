package outbound

import (
	"net/netip"
	"net/url"
	"strings"

	"ballerine/internal/problem"
)

// maxURL is the longest URL that is accepted, in bytes.
const maxURL = 2048

// CheckURL returns everything that is wrong with a URL that is to be called, as fields at location; none if it is valid.
// A name that resolves to a private address is only detected by the guard, when it is dialled.
func CheckURL(raw, location string, allowLoopback bool) []problem.Field {
	var fields []problem.Field
	add := func(code, message string) {
		fields = append(fields, problem.Field{Location: location, Code: code, Message: message})
	}
	if raw == "" {
		add("required", "A URL is required.")
		return fields
	}
	if len(raw) > maxURL {
		add("too_long", "A URL must have at most 2048 bytes.")
		return fields
	}
	target, err := url.Parse(raw)
	if err != nil || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		add("format", "This is not a URL.")
		return fields
	}
	host := strings.TrimSuffix(strings.ToLower(target.Hostname()), ".")
	checkScheme(target.Scheme, host, allowLoopback, add)
	checkHost(host, allowLoopback, add)
	if target.User != nil {
		add("credentials", "A URL must not contain a user name or a password.")
	}
	if target.Fragment != "" {
		add("fragment", "A URL must not have a fragment.")
	}
	return fields
}

func checkScheme(scheme, host string, allowLoopback bool, add func(code, message string)) {
	switch {
	case scheme == "https":
	case scheme == "http" && allowLoopback && isLoopback(host):
	case scheme == "http" && allowLoopback:
		add("scheme", "The URL must begin with https://; plain http:// is for this machine only.")
	default:
		add("scheme", "The URL must begin with https://.")
	}
}

func checkHost(host string, allowLoopback bool, add func(code, message string)) {
	if host == "" {
		add("host", "The URL has no host.")
		return
	}
	if isLoopback(host) {
		if !allowLoopback {
			add("refused_address", "The URL must not name this machine.")
		}
		return
	}
	if address, err := netip.ParseAddr(host); err == nil {
		if !public(address) {
			add("refused_address", "The URL must name a public address.")
		}
		return
	}
	if last := host[strings.LastIndexByte(host, '.')+1:]; last == host || last == "local" || last == "internal" || last == "" || numeric(last) {
		add("refused_address", "The URL must name a public host.")
	}
}

// numeric finds hosts such as 127.1 or 0x7f000001, which some resolvers read as addresses.
func numeric(label string) bool {
	return strings.Trim(label, "0123456789") == "" || strings.HasPrefix(label, "0x")
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Zone() == "" && address.Unmap().IsLoopback()
}
