// Command build builds tools into a folder that can be taken elsewhere, such
// as into a container image:
//
//	go run ./tools/build --output DIR [NAME…]
//	go run ./tools/build --output DIR --folder kubernetes
//
// Without names it builds all tools of the chain, with a folder those that are
// pinned in that folder of tools/. Programs of this project find them there if
// the environment variable CONTAINER_SIGNING_TOOLS names the output folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"container-signing/tools"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	output := flag.String("output", "", "`folder` to put the built tools into")
	folder := flag.String("folder", "", "build what is pinned in this `folder` of tools/")
	flag.Parse()
	if *output == "" {
		fmt.Fprintln(os.Stderr, "build: --output names no folder for the built tools")
		os.Exit(2)
	}
	names := flag.Args()
	if *folder != "" {
		names = append(names, tools.InFolder(*folder)...)
	} else if len(names) == 0 {
		names = tools.Chain()
	}
	if len(names) == 0 {
		fmt.Fprintf(os.Stderr, "build: --folder %q holds no tool\n", *folder)
		os.Exit(2)
	}
	if err := tools.Export(ctx, os.Stderr, *output, names...); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}
