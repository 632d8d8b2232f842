// SPDX-License-Identifier: AGPL-3.0-or-later
//! Parts of files, and who asks.

use super::*;

async fn bytes(body: Body) -> Vec<u8> {
    let mut chunks = body.into_data_stream();
    let mut out = Vec::new();
    while let Some(chunk) = chunks.next().await {
        out.extend_from_slice(&chunk.unwrap());
    }
    out
}

async fn streamed(pieces: &[&'static [u8]]) -> Source {
    let pieces: Vec<_> = pieces.iter().map(|it| Ok(Bytes::from_static(it))).collect();
    let permit = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    Source::Stream { size: None, chunks: Box::pin(stream::iter(pieces)), permit }
}

#[tokio::test]
async fn a_part_is_the_same_from_memory_and_from_a_stream() {
    let whole = b"0123456789";
    for first in 0..10 {
        for length in 1..=(10 - first) {
            let wanted = &whole[first..first + length];
            let (first, length) = (first as u64, length as u64);
            let kept = Source::Whole(Bytes::from_static(whole));
            assert_eq!(bytes(kept.part(first, length)).await, wanted);
            for pieces in [&[&whole[..]][..], &[b"012", b"3", b"", b"456789"]] {
                let source = streamed(pieces).await;
                assert_eq!(bytes(source.part(first, length)).await, wanted, "{first} {length}");
            }
        }
    }
    assert_eq!(bytes(streamed(&[b"01", b"23"]).await.whole()).await, b"0123");
}

#[tokio::test]
async fn a_file_that_is_larger_than_it_may_be_breaks_off() {
    let Source::Stream { chunks, .. } = streamed(&[b"01", b"23", b"45"]).await else { return };
    let read: Vec<_> = bounded(chunks, 4).collect().await;
    assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
}

#[tokio::test]
async fn what_tells_the_kind_of_a_file_is_read_and_nothing_is_lost() {
    let Source::Stream { chunks, .. } = streamed(&[b"01", b"23", b"45"]).await else { return };
    let (start, ended, rest) = begun(chunks, 3).await.unwrap();
    assert_eq!((&start[..], ended), (&b"0123"[..], false));
    let rest: Vec<_> = rest.map(Result::unwrap).collect().await;
    assert_eq!(rest, [Bytes::from_static(b"45")]);
}
