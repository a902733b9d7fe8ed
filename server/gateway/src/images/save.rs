//! `docker save` and `docker load`: images as tars. Not yet.

use crate::{
    refusal::{Answer, Refusal},
    request::Request,
    serve::Context,
};

pub(crate) async fn save(context: &Context, mut request: Request) -> Answer {
    // What isn't there is told first, as always.
    let mut names = request.query.all("names");
    let one = request.parameters.get("name");
    if !one.is_empty() {
        names.push(one.to_owned());
    }
    for name in &names {
        context.scope.image(name).await?;
    }
    Err(Refusal::forbidden("docker save", "it is still to come. `docker push registry.lunchbox/NAME` keeps an image elsewhere, too."))
}

pub(crate) async fn load(_context: &Context, _request: Request) -> Answer {
    Err(Refusal::forbidden("docker load", "it is still to come. Images come from `docker pull` and `docker build`."))
}
