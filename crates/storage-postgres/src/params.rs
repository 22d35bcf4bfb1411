//! Values of the model as parameters: the database knows one whole number, `bigint`.

use std::error::Error;
use std::fmt::{self, Debug, Formatter};

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type};
use uuid::Uuid;

type Written = Result<IsNull, Box<dyn Error + Sync + Send>>;

/// A parameter.
pub(crate) type Param<'a> = &'a (dyn ToSql + Sync);

/// The parameters of a statement, in order.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$crate::params::Sql(&$value) as $crate::params::Param<'_>),*]
    };
}
pub(crate) use params;

/// A value, lent to a statement.
pub(crate) struct Sql<'a, T: ?Sized>(pub(crate) &'a T);

/// Parameters are personal or secret as often as not.
impl<T: ?Sized> Debug for Sql<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Sql(…)")
    }
}

impl<T: Value + ?Sized> ToSql for Sql<'_, T> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Written {
        self.0.value().to_sql(ty, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Written {
        self.0.value().to_sql_checked(ty, out)
    }
}

/// What a value is to the database.
pub(crate) trait Value {
    type Sql<'a>: ToSql + Sync
    where
        Self: 'a;

    fn value(&self) -> Self::Sql<'_>;
}

macro_rules! as_is {
    ($($type:ty),*) => {
        $(impl Value for $type {
            type Sql<'a> = $type;

            fn value(&self) -> $type {
                *self
            }
        })*
    };
}
as_is!(i64, bool, Uuid);

macro_rules! whole {
    ($($type:ty),*) => {
        $(impl Value for $type {
            type Sql<'a> = i64;

            fn value(&self) -> i64 {
                i64::from(*self)
            }
        })*
    };
}
whole!(i32, u32, u8);

impl Value for String {
    type Sql<'a> = &'a str;

    fn value(&self) -> &str {
        self
    }
}

impl Value for str {
    type Sql<'a> = &'a str;

    fn value(&self) -> &str {
        self
    }
}

impl Value for Vec<u8> {
    type Sql<'a> = &'a [u8];

    fn value(&self) -> &[u8] {
        self
    }
}

impl<const N: usize> Value for [u8; N] {
    type Sql<'a> = &'a [u8];

    fn value(&self) -> &[u8] {
        self
    }
}

/// Values of many rows, for `unnest`.
pub(crate) struct Column<T>(pub(crate) Vec<T>);

impl<T: ToSql + Sync> Value for Column<T> {
    type Sql<'a>
        = &'a [T]
    where
        T: 'a;

    fn value(&self) -> &[T] {
        &self.0
    }
}

impl<T: Value> Value for Option<T> {
    type Sql<'a>
        = Option<T::Sql<'a>>
    where
        T: 'a;

    fn value(&self) -> Option<T::Sql<'_>> {
        self.as_ref().map(Value::value)
    }
}

impl<T: Value + ?Sized> Value for &T {
    type Sql<'a>
        = T::Sql<'a>
    where
        Self: 'a;

    fn value(&self) -> T::Sql<'_> {
        (**self).value()
    }
}
