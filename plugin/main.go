// Notation-external-signer is a Notation plugin that signs with any program: it
// hands the payload to the program's stdin and takes the signature from its
// stdout. Notation starts it; `notation plugin install --file` installs it.
package main

import (
	"context"
	"os"

	"container-signing/plugin/internal/contract"
	"container-signing/plugin/internal/signer"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == signer.GuardCommand {
		os.Exit(signer.Guard(os.Args[2:]))
	}
	contract.Execute(context.Background(), os.Args)
}
