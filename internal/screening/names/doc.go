// Package names compares names of people, organizations and vessels over spellings, word orders and scripts.
//
// A name is read once (Read) into tokens: words in Latin letters, each with a weight and, where its script writes no
// vowels, the consonants that remain. Compare finds the assignment of tokens to tokens that agrees best, and states in
// two numbers how much two names agree: a similarity between 0 and 1, to which a threshold is applied, and an evidence
// without bound, by which hits are ordered: a long name of rare words that agree is more evidence than a short one of
// common words.
//
// The package is pure: it reads no lists. The caller provides how rare a word is.
package names
