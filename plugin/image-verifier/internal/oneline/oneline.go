// Package oneline makes texts fit to be shown that others had a part in, a
// registry among them.
package oneline

import (
	"strings"
	"unicode"
)

// Limit bounds a text, in bytes: containerd reads 32 KiB of a verifier, and shows
// it among the events of a pod.
const Limit = 1000

// Of makes a text into one line without control characters.
func Of(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
	if len(text) > Limit {
		text = strings.ToValidUTF8(text[:Limit], "") + "…"
	}
	return text
}
