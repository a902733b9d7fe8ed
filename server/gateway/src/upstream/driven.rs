//! An answer whose connection is driven by whoever reads its body: no piece changes hands between tasks.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use crate::{body::Body, upstream::calm::Calm};

type Connection = Pin<Box<http1::Connection<TokioIo<Calm>, Body>>>;

/// A body as it comes.
pub(super) struct Driven {
    incoming: Incoming,
    /// Until it has ended.
    connection: Option<Connection>,
}

/// Sends the request, its body too, and waits for the answer.
pub(super) async fn ask(socket: UnixStream, request: Request<Body>) -> hyper::Result<Response<Driven>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(Calm::new(socket))).await?;
    let mut connection = Some(Box::pin(connection));
    let answer = sender.send_request(request);
    tokio::pin!(answer);
    let answered = loop {
        let Some(open) = &mut connection else { break answer.await };
        tokio::select! {
            answered = &mut answer => break answered,
            ended = open => {
                told(ended);
                connection = None;
            }
        }
    };
    Ok(answered?.map(|incoming| Driven { incoming, connection }))
}

fn told(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the engine ended");
    }
}

impl hyper::body::Body for Driven {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(context) {
            return Poll::Ready(frame);
        }
        // Nothing is there: so the connection is to bring it.
        if let Some(connection) = &mut this.connection
            && let Poll::Ready(ended) = connection.as_mut().poll(context)
        {
            told(ended);
            this.connection = None;
        }
        Pin::new(&mut this.incoming).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
