package tools

import (
	"context"
)

// CheckNode returns an error if this machine can't build what [Node] lists and
// the cache doesn't have it: runc is partly written in C, so that Go alone
// isn't enough.
func CheckNode(ctx context.Context) error {
	runc, err := modulesFor([]string{"runc"})
	if err != nil {
		return err
	}
	source, err := sourceFolder()
	if err != nil {
		return err
	}
	cache, err := openCache()
	if err != nil {
		return err
	}
	if present, err := cache.has(source, runc[0]); err != nil || present {
		return err
	}
	if prebuilt() != "" {
		return cache.lacking(source, runc)
	}
	return checkCompiler(ctx)
}
