//! Parameters and results that record when they cross the guest boundary.
//!
//! wasmtime lowers parameters, calls the guest and lifts results in one operation. To measure
//! the three stages separately, [`Last`] wraps the last parameter and takes a timestamp after
//! lowering it, and [`First`] wraps the first result and takes a timestamp before lifting it.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use wasmtime::Result;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{ComponentType, Lift, Lower};

use crate::stages::{Stages, Stamp};

/// The last parameter of a call.
pub(crate) struct Last<'a, T> {
    pub(crate) value: T,
    pub(crate) stages: &'a Stages,
}

/// The first result of a call.
pub(crate) struct First<T> {
    pub(crate) value: T,
    pub(crate) returned: Stamp,
}

// SAFETY: all properties of the canonical ABI are delegated to the inner type.
unsafe impl<T: ComponentType> ComponentType for Last<'_, T> {
    type Lower = T::Lower;
    const ABI: CanonicalAbiInfo = T::ABI;
    const MAY_REQUIRE_REALLOC: bool = T::MAY_REQUIRE_REALLOC;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        T::typecheck(ty, types)
    }
}

// SAFETY: lowering is delegated to the inner type.
unsafe impl<T: Lower> Lower for Last<'_, T> {
    fn linear_lower_to_flat<U>(
        &self,
        cx: &mut LowerContext<'_, U>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        self.value.linear_lower_to_flat(cx, ty, dst)?;
        self.stages.enter(Stamp::now());
        Ok(())
    }

    fn linear_lower_to_memory<U>(
        &self,
        cx: &mut LowerContext<'_, U>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        self.value.linear_lower_to_memory(cx, ty, offset)?;
        self.stages.enter(Stamp::now());
        Ok(())
    }
}

// SAFETY: same as for `Last`.
unsafe impl<T: ComponentType> ComponentType for First<T> {
    type Lower = T::Lower;
    const ABI: CanonicalAbiInfo = T::ABI;
    const MAY_REQUIRE_REALLOC: bool = T::MAY_REQUIRE_REALLOC;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        T::typecheck(ty, types)
    }
}

// SAFETY: lifting is delegated to the inner type.
unsafe impl<T: Lift> Lift for First<T> {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &Self::Lower,
    ) -> Result<Self> {
        let returned = Stamp::now();
        let value = T::linear_lift_from_flat(cx, ty, src)?;
        Ok(Self { value, returned })
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        let returned = Stamp::now();
        let value = T::linear_lift_from_memory(cx, ty, bytes)?;
        Ok(Self { value, returned })
    }
}
