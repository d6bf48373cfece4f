// Package ownership computes who owns and who controls an organization, from statements about it.
//
// A Structure is a set of statements: parties, and links between them (shares, votes, rights, offices). Assess follows
// the links from one organization, its subject, up to the people behind it. Shares are intervals, because registers
// state bands ("more than 25 % but not more than 50 %"), or state control without a share. The share of a person through
// chains and circles is the sum over all chains of the products of their shares, W(I−W)⁻¹, computed for the lower and
// for the upper bounds in exact rational numbers. Control is a fixed point: whoever has more than half of the votes of
// an organization, alone or with organizations that they control, controls it.
//
// The result is an Assessment: for each person the interval of the share, whether they control the subject, whether they
// are a beneficial owner by the Rule that is applied (yes, no, or unknown if the statements do not suffice), the chains
// that lead to them, and findings about the statements themselves. The result does not depend on the order in which
// parties and links are stated.
package ownership
