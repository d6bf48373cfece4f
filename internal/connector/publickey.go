package connector

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
)

// Algorithms of signatures that are verified with a public key.
const (
	ed25519Algorithm   = "ed25519"
	rsaSHA256Algorithm = "rsa-sha256"
	rsaSHA512Algorithm = "rsa-sha512"
	rsaPSSAlgorithm    = "rsa-pss-sha256"
	ecdsaAlgorithm     = "ecdsa-sha256"
)

// shortestRSA is the shortest modulus that counts, in bits.
const shortestRSA = 2048

// standardKeyPrefix is written before the public keys of Standard Webhooks.
const standardKeyPrefix = "whpk_"

func publicKeyAlgorithm(name string) bool {
	return slices.Contains([]string{ed25519Algorithm, rsaSHA256Algorithm, rsaSHA512Algorithm, rsaPSSAlgorithm, ecdsaAlgorithm}, name)
}

func keyHint(algorithm string) string {
	switch algorithm {
	case ed25519Algorithm:
		return "write it as PEM, or its 32 bytes in hex or base64"
	case ecdsaAlgorithm:
		return "write it as PEM, or its DER in base64; the curve must be P-256"
	}
	return "write it as PEM, or its DER in base64; it must have at least 2048 bits"
}

var errNoKey = errors.New("not a public key")

// publicKeys reads one or several keys while they are rotated: PEM blocks one after the other, or texts separated by spaces, each
// the DER of a SubjectPublicKeyInfo in base64, or the 32 bytes of an Ed25519 key in hex or base64.
func publicKeys(algorithm, written string) (keys []crypto.PublicKey, err error) {
	var encoded [][]byte
	if strings.Contains(written, "-----BEGIN") {
		for rest := []byte(written); ; {
			block, after := pem.Decode(rest)
			if block == nil {
				if strings.TrimSpace(string(rest)) != "" {
					return nil, errNoKey
				}
				break
			}
			encoded, rest = append(encoded, block.Bytes), after
		}
	} else {
		for _, one := range strings.Fields(written) {
			bytes, err := keyBytes(strings.TrimPrefix(one, standardKeyPrefix))
			if err != nil {
				return nil, err
			}
			encoded = append(encoded, bytes)
		}
	}
	for _, one := range encoded {
		key, err := publicKey(algorithm, one)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}

func keyBytes(text string) ([]byte, error) {
	if len(text) == 2*ed25519.PublicKeySize {
		if bytes, err := hex.DecodeString(text); err == nil {
			return bytes, nil
		}
	}
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errNoKey
	}
	return bytes, nil
}

// publicKey reads a key and makes sure that it is one for the algorithm.
func publicKey(algorithm string, encoded []byte) (crypto.PublicKey, error) {
	if algorithm == ed25519Algorithm && len(encoded) == ed25519.PublicKeySize {
		return ed25519.PublicKey(encoded), nil
	}
	key, err := x509.ParsePKIXPublicKey(encoded)
	if err != nil {
		if key, err = x509.ParsePKCS1PublicKey(encoded); err != nil {
			return nil, errNoKey
		}
	}
	switch key := key.(type) {
	case ed25519.PublicKey:
		if algorithm == ed25519Algorithm {
			return key, nil
		}
	case *ecdsa.PublicKey:
		if algorithm == ecdsaAlgorithm && key.Curve == elliptic.P256() {
			return key, nil
		}
	case *rsa.PublicKey:
		if strings.HasPrefix(algorithm, "rsa-") && key.N.BitLen() >= shortestRSA {
			return key, nil
		}
	}
	return nil, errNoKey
}

// signed reports whether the key's owner has signed the message.
func signed(algorithm string, key crypto.PublicKey, message, given []byte) bool {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, given)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(message)
		return ecdsa.VerifyASN1(key, sum[:], given)
	case *rsa.PublicKey:
		sum := sha256.Sum256(message)
		switch algorithm {
		case rsaPSSAlgorithm:
			return rsa.VerifyPSS(key, crypto.SHA256, sum[:], given, nil) == nil
		case rsaSHA512Algorithm:
			long := sha512.Sum512(message)
			return rsa.VerifyPKCS1v15(key, crypto.SHA512, long[:], given) == nil
		}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], given) == nil
	}
	return false
}

// public reports whether a secret has a public key in it. Everybody may know that one: it must not serve as the key of an HMAC.
func public(secret string) bool {
	return strings.Contains(secret, "-----BEGIN") || slices.ContainsFunc(strings.Fields(secret), func(one string) bool {
		if strings.HasPrefix(one, standardKeyPrefix) {
			return true
		}
		encoded, err := base64.StdEncoding.DecodeString(one)
		if err != nil {
			return false
		}
		_, err = x509.ParsePKIXPublicKey(encoded)
		return err == nil
	})
}
