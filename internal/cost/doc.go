// Package cost runs whole cases on a system that counts what AWS would charge for them.
package cost
