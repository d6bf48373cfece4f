// Package app is the wiring: adapters and settings go in, the handlers of all functions come out. The functions on AWS
// and the local stack use the same wiring; only the Parts that they bring differ.
package app
