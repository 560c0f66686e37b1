//! Arguments of functions that run in another task: how `transaction!` clones them and lends them again.
//!
//! Method resolution decides how an argument is cloned: [`Argument::own`] exists for references and for
//! optional ones, and is found first. For all other types it is [`ByValue::own`], which is found by `Deref`.

use std::borrow::Borrow;
use std::ops::Deref;

/// An argument, as the caller has it.
pub(crate) struct Argument<T>(ByValue<T>);

/// An argument that is neither a reference nor an optional one.
pub(crate) struct ByValue<T>(T);

impl<T> Argument<T> {
    pub(crate) const fn new(argument: T) -> Self {
        Self(ByValue(argument))
    }
}

impl<T> Deref for Argument<T> {
    type Target = ByValue<T>;

    fn deref(&self) -> &ByValue<T> {
        &self.0
    }
}

impl<B: ToOwned + ?Sized> Argument<&B> {
    pub(crate) fn own(self) -> OwnedReference<B> {
        OwnedReference(self.0.0.to_owned())
    }
}

impl<B: ToOwned + ?Sized> Argument<Option<&B>> {
    pub(crate) fn own(self) -> OwnedOption<B> {
        OwnedOption(self.0.0.map(ToOwned::to_owned))
    }
}

impl<T: Clone> ByValue<T> {
    pub(crate) fn own(&self) -> OwnedValue<T> {
        OwnedValue(self.0.clone())
    }
}

/// What a reference referred to.
pub(crate) struct OwnedReference<B: ToOwned + ?Sized>(B::Owned);

/// What an optional reference referred to.
pub(crate) struct OwnedOption<B: ToOwned + ?Sized>(Option<B::Owned>);

/// A value.
pub(crate) struct OwnedValue<T>(T);

impl<B: ToOwned + ?Sized> OwnedReference<B> {
    pub(crate) fn lend(&self) -> &B {
        self.0.borrow()
    }
}

impl<B: ToOwned + ?Sized> OwnedOption<B> {
    pub(crate) fn lend(&self) -> Option<&B> {
        self.0.as_ref().map(Borrow::borrow)
    }
}

impl<T: Clone> OwnedValue<T> {
    pub(crate) fn lend(&self) -> T {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Owns arguments of each kind, and lends them as they were.
    fn outlive(
        text: &str,
        list: &[i32],
        vec: &Vec<i32>,
        some: Option<&String>,
        none: Option<&str>,
        value: u8,
    ) {
        let owned = (
            Argument::new(text).own(),
            Argument::new(list).own(),
            Argument::new(vec).own(),
            Argument::new(some).own(),
            Argument::new(none).own(),
            Argument::new(value).own(),
        );
        let check = move || {
            let texts: (&str, Option<&String>, Option<&str>) =
                (owned.0.lend(), owned.3.lend(), owned.4.lend());
            assert_eq!(texts, ("text", Some(&"some".to_owned()), None));
            let others: (&[i32], &Vec<i32>, u8) = (owned.1.lend(), owned.2.lend(), owned.5.lend());
            assert_eq!(others, (&[1, 2][..], &vec![3], 4));
        };
        must_be_static(&check);
        check();
        check();
    }

    fn must_be_static(_: &(impl Send + 'static)) {}

    #[test]
    fn arguments_are_cloned_and_lent_again_by_their_kind() {
        outlive("text", &[1, 2], &vec![3], Some(&"some".to_owned()), None, 4);
    }
}
