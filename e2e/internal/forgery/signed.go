package forgery

import "context"

// signedBy returns what attaches an envelope of an identity. The changes are
// made to what it claims.
func signedBy(
	who func(*intruder) (identity, error), changes ...func(*claim),
) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		by, err := who(b.intruder)
		if err != nil {
			return err
		}
		envelope, err := claimed(b.image, by, changes...)
		if err != nil {
			return err
		}
		return b.attach(ctx, jwsType, envelope)
	}
}
