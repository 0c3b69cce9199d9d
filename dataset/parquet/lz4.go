package parquet

// unpacked returns how many bytes a block of LZ4 unpacks to: sequences of a token,
// literals, and the distance and the length of a match; the last one ends with
// its literals.
func unpacked(block []byte) (n int, ok bool) {
	at := 0
	// length is one of a token's, of which 15 goes on in bytes up to one below 255.
	length := func(nibble byte) (int, bool) {
		n := int(nibble)
		for more := nibble == 15; more; at++ {
			if at == len(block) {
				return 0, false
			}
			n, more = n+int(block[at]), block[at] == 255
		}
		return n, true
	}
	for at < len(block) {
		token := block[at]
		at++
		literals, ok := length(token >> 4)
		if !ok || literals > len(block)-at {
			return 0, false
		}
		at, n = at+literals, n+literals
		if at == len(block) {
			return n, token&15 == 0
		}
		if len(block)-at < 2 {
			return 0, false
		}
		distance := int(block[at]) | int(block[at+1])<<8
		at += 2
		match, ok := length(token & 15)
		if !ok || distance == 0 || distance > n {
			return 0, false
		}
		n += match + 4
	}
	return n, len(block) == 0 // a match at the end is none of the format's
}
