//! Arrays of PostgreSQL in its binary format: the dimensions, and the elements with their lengths.

use super::super::rows::Rows;
use super::format::CellError;

/// PostgreSQL's own limit.
const DIMENSIONS: usize = 6;

/// Writes an array, whose elements other than NULL `element` writes.
pub(super) fn write(
    out: &mut Rows,
    value: &[u8],
    element: &impl Fn(&mut Rows, &[u8]) -> Result<(), CellError>,
) -> Result<(), CellError> {
    let mut reader = Reader(value);
    let count = reader.length()?;
    // Flags, and the type of the elements.
    reader.take(8)?;
    if count == 0 {
        out.raw(b"[]");
        return Ok(());
    }
    if count > DIMENSIONS {
        return Err(CellError::Malformed);
    }
    let mut dimensions = [0; DIMENSIONS];
    for dimension in &mut dimensions[..count] {
        *dimension = reader.length()?;
        // The lower bound.
        reader.take(4)?;
    }
    level(out, &mut reader, &dimensions[..count], element)
}

/// Writes the rest of an array with these dimensions.
fn level(
    out: &mut Rows,
    reader: &mut Reader<'_>,
    dimensions: &[usize],
    element: &impl Fn(&mut Rows, &[u8]) -> Result<(), CellError>,
) -> Result<(), CellError> {
    let Some((count, inner)) = dimensions.split_first() else {
        return match reader.element()? {
            None => {
                out.null();
                Ok(())
            }
            Some(value) => element(out, value),
        };
    };
    out.raw(b"[");
    for number in 0..*count {
        if number > 0 {
            out.raw(b",");
        }
        level(out, reader, inner, element)?;
        out.fits(0)?;
    }
    out.raw(b"]");
    Ok(())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], CellError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(CellError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn int(&mut self) -> Result<i32, CellError> {
        let taken = self.take(4)?;
        Ok(i32::from_be_bytes(
            taken.try_into().map_err(|_| CellError::Malformed)?,
        ))
    }

    fn length(&mut self) -> Result<usize, CellError> {
        usize::try_from(self.int()?).map_err(|_| CellError::Malformed)
    }

    /// An element; absent for NULL.
    fn element(&mut self) -> Result<Option<&'a [u8]>, CellError> {
        match self.int()? {
            -1 => Ok(None),
            length => self
                .take(usize::try_from(length).map_err(|_| CellError::Malformed)?)
                .map(Some),
        }
    }
}
